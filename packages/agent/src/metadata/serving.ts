import { aborted } from '@rolegate/runtime';
import type { Clock, Log, ReadyCheck } from '@rolegate/runtime';
import type { AgentPorts, Listen } from '../ports/agent-ports.ts';
import { listenShared } from '../pod-http/listen-shared.ts';

export interface ServingDeps {
  readonly listen: Listen;
  /** Answers what was accepted. */
  readonly close: () => Promise<void>;
  readonly addresses: readonly string[];
  readonly port: number;
  readonly ports: Pick<AgentPorts, 'take' | 'stateOf'>;
  /** True once the agent knows as much as the one that has the port. */
  readonly canAnswer: () => boolean;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly log: Log;
  /** Fields of the `agent listening` line. */
  readonly about: object;
}

export interface Serving {
  /**
   * Ready while Pods reach this agent and it is not stopping, and also while a process of another user has the port: it may be
   * the agent that this one replaces, which stays until this one is ready (DESIGN.md 4.4).
   */
  readonly check: ReadyCheck;
  /** Serves until the signal aborts, and resolves when accepted requests have been answered. Rejects if it cannot listen. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** Listens for Pods: from when the agent can answer until the last accepted request was answered. */
export function createServing(deps: ServingDeps): Serving {
  const { listen, close, addresses, port, ports, canAnswer, clock, log, about } = deps;
  let stopping = false;

  function ready(): true | string {
    if (stopping) return 'the agent is stopping';
    const isStarted = addresses.every((host) => ports.stateOf({ host, port }) !== undefined);
    return isStarted || `port ${port} belongs to another agent until this one knows the node's Pods`;
  }

  return {
    check: { name: 'metadata', ready },
    async run(signal) {
      const joined = await Promise.all(
        addresses.map((host) => {
          const take = (until: AbortSignal) => ports.take({ host, port }, listen, until);
          return listenShared({ address: host, port, take, canAnswer, clock, log }, signal);
        }),
      );
      if (joined.every(Boolean)) log.info('agent listening', { addresses, port, ...about });
      await aborted(signal);
      stopping = true;
      log.info('agent stopping');
      await close();
    },
  };
}

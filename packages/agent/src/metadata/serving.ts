import { aborted } from '@rolegate/runtime';
import type { Clock, Log, ReadyCheck } from '@rolegate/runtime';
import type { AgentPorts } from '../ports/agent-ports.ts';
import { listenShared } from './listen-shared.ts';
import type { MetadataServer } from './server.ts';

export interface ServingDeps {
  readonly metadata: Pick<MetadataServer, 'listen' | 'close'>;
  readonly addresses: readonly string[];
  readonly port: number;
  readonly ports: Pick<AgentPorts, 'take' | 'stateOf'>;
  /** True once the agent knows as much as one that has the port already. */
  readonly canAnswer: () => boolean;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly log: Log;
  /** Fields of the line that tells that the agent listens. */
  readonly about: object;
}

export interface Serving {
  /**
   * Ready while Pods reach this agent, and it means to go on; and while a process of another user has the port. That may be the
   * agent that this one replaces, which stays until this one is ready (DESIGN.md 4.4).
   */
  readonly check: ReadyCheck;
  /** Serves until the signal aborts, and returns when what was accepted has been answered. Rejects where it cannot listen. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** When Pods reach the agent: from as early as that is right to the last request that was accepted. */
export function createServing(deps: ServingDeps): Serving {
  const { metadata, addresses, port, ports, canAnswer, clock, log, about } = deps;
  const { listen } = metadata;
  let stopping = false;

  function ready(): true | string {
    if (stopping) return 'the agent is stopping';
    const isStarted = addresses.every((host) => ports.stateOf({ host, port }) !== undefined);
    return isStarted || `port ${port} is another agent's until the table is known`;
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
      await metadata.close();
    },
  };
}

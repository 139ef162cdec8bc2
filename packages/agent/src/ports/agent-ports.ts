import { isIP } from 'node:net';
import { createChanges, formatHostPort, isPortTaken } from '@rolegate/runtime';
import type { Clock, HostPort, Log, ReadyCheck } from '@rolegate/runtime';
import { namedText } from './named-listeners.ts';
import { createOwnListeners, readOwnListeners } from './own-listeners.ts';
import { takePort } from './take-port.ts';

export interface AgentPortsDeps {
  /** The inodes of this process's listening sockets. */
  readonly readOwn?: () => Promise<readonly number[]>;
  readonly clock: Pick<Clock, 'sleep' | 'monotonic'>;
  readonly log: Log;
}

/** `held`: a process of another user, or one that does not share, listens there; the agent takes the port when that one leaves it. */
export type PortState = 'listening' | 'held';

/** Listens with SO_REUSEPORT. Rejects with the system's error. */
export type Listen = (host: string, port: number) => Promise<unknown>;

/** The ports on which the agent listens. */
export interface AgentPorts {
  /**
   * Listens at the port, with SO_REUSEPORT, as soon as that is possible. False: the signal came first. Rejects if the port can never
   * be had.
   */
  readonly take: (at: HostPort, listen: Listen, signal: AbortSignal) => Promise<boolean>;
  /** The same `listen`, which notes how the port stands: for a port that is tried again in a way of its own. */
  readonly noted: (listen: Listen) => Listen;
  /** Undefined: not tried yet. */
  readonly stateOf: (at: HostPort) => PortState | undefined;
  /** Those that are held by somebody else. */
  readonly held: () => readonly HostPort[];
  readonly check: ReadyCheck;
  /** Names the ports and this process's listeners, for `reconcile`. Undefined: there are none, or they are not known. */
  readonly line: () => string | undefined;
  /** The line is another. The returned function ends the listening. */
  readonly onChange: (listener: () => void) => () => void;
}

export function createAgentPorts({ readOwn = readOwnListeners, clock, log }: AgentPortsDeps): AgentPorts {
  const changes = createChanges({ log, of: "the agent's ports" });
  const own = createOwnListeners({ read: readOwn, changed: changes.notify, log });
  const states = new Map<string, { readonly at: HostPort; readonly state: PortState }>();

  function note(at: HostPort, state: PortState): void {
    if (states.get(formatHostPort(at))?.state === state) return;
    states.set(formatHostPort(at), { at, state });
    own.readAgain();
  }

  function held(): readonly HostPort[] {
    return [...states.values()].flatMap(({ at, state }) => (state === 'held' ? [at] : []));
  }

  const noted = (listen: Listen) => async (host: string, port: number) => {
    try {
      await listen(host, port);
    } catch (error) {
      if (isPortTaken(error)) note({ host, port }, 'held');
      throw error;
    }
    note({ host, port }, 'listening');
  };

  return {
    noted,
    take: (at, listen, signal) => takePort({ at, listen: noted(listen), clock, log }, signal),
    stateOf: (at) => states.get(formatHostPort(at))?.state,
    held,
    check: {
      name: 'ports',
      informative: true,
      ready: () => held().length === 0 || `held by another user: ${held().map(formatHostPort).join(', ')}`,
    },
    line() {
      const inodes = own.inodes();
      const ports = [...states.values()].flatMap(({ at }) =>
        isIP(at.host) !== 0 && at.port > 0 ? [at] : [],
      );
      return inodes === undefined || ports.length === 0 ? undefined : namedText({ ports, inodes });
    },
    onChange: changes.on,
  };
}

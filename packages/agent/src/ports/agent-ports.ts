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

/**
 * `held`: another process listens there, as another user or without sharing. The agent acquires the port when that process
 * ends.
 */
export type PortState = 'listening' | 'held';

/** Listens with SO_REUSEPORT. Rejects with the system's error. */
export type Listen = (host: string, port: number) => Promise<unknown>;

/** The ports on which the agent listens. */
export interface AgentPorts {
  /**
   * Listens at the port with SO_REUSEPORT as soon as possible. False: the signal came first. Rejects if the port can never be
   * acquired.
   */
  readonly take: (at: HostPort, listen: Listen, signal: AbortSignal) => Promise<boolean>;
  /** Wraps `listen` to record the state of the port: for a port with retries of its own. */
  readonly noted: (listen: Listen) => Listen;
  /** Undefined: not tried yet. */
  readonly stateOf: (at: HostPort) => PortState | undefined;
  /** Ports in use by another process. */
  readonly held: () => readonly HostPort[];
  readonly check: ReadyCheck;
  /** The ports and this process's listeners, for `reconcile`. Undefined: none, or not known. */
  readonly line: () => string | undefined;
  /** Called when the line changes. The returned function removes the listener. */
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
      ready: () => held().length === 0 || `in use by another user: ${held().map(formatHostPort).join(', ')}`,
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

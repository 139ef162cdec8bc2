import { createArrivals, createChanges, createOutageLog, describeError } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import { createAgentsOfNode } from './agents-of-node.ts';
import { compareListeners } from './foreign-listeners.ts';
import type { ForeignListener, Unnamed } from './foreign-listeners.ts';
import type { ListenerNotes } from './listener-notes.ts';
import type { ListeningSocket } from './listening-sockets.ts';
import type { NamedListeners } from './named-listeners.ts';

/** Between two checks. Two are needed to find a foreign listener, and each takes a few milliseconds. Milliseconds. */
const EVERY_MS = 10_000;
/** Foreign listeners that are reported. */
const MOST_REPORTED = 20;

const HINT =
  'It gets connections meant for the agent. Find its process on the node with ss -tlnpe, and end it or give it another port.';
const UNREADABLE =
  'Foreign listeners are not detected while this fails. Check that reconcile can read /proc/net/tcp and /proc/net/tcp6.';

export interface PortWatchDeps {
  readonly read: () => Promise<readonly ListeningSocket[]>;
  /** Undefined: listeners of other agent Pods are not known. */
  readonly notes: ListenerNotes | undefined;
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
  readonly log: Log;
}

/** Watches for foreign listeners on the ports of the node's agents (DESIGN.md 4.4). */
export interface PortWatch {
  /** Undefined: not known yet. */
  readonly current: () => readonly ForeignListener[] | undefined;
  /** The returned function removes the listener. */
  readonly onChange: (listener: () => void) => () => void;
  /** An agent of this Pod, identified by any object, names its listeners. */
  readonly named: (agent: object, named: NamedListeners) => void;
  readonly left: (agent: object) => void;
  /** Never rejects: failures are retried. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

export function createPortWatch({ read, notes, clock, log }: PortWatchDeps): PortWatch {
  const changes = createChanges({ log, of: 'foreign listeners' });
  const outage = createOutageLog({ clock, log });
  const agents = createAgentsOfNode({ notes, clock, log });
  const logForeign = createForeignLog(log);
  let unnamed: Unnamed = new Map();
  let foreign: readonly ForeignListener[] | undefined;

  async function look(): Promise<void> {
    // In this order: listeners named in a note exist before the socket table is read.
    const noted = await agents.readNotes();
    const listening = await read();
    const ports = agents.ports();
    const found = compareListeners(unnamed, {
      listening,
      ports,
      named: agents.inodes(noted),
      allNamed: noted !== undefined,
      nowMs: clock.monotonic(),
    });
    unnamed = found.unnamed;
    if (ports.length > 0) tell(found.foreign.slice(0, MOST_REPORTED));
    if (noted !== undefined) await agents.removeDead(noted, listening);
  }

  function tell(now: readonly ForeignListener[]): void {
    const isNew = JSON.stringify(now) !== JSON.stringify(foreign);
    foreign = now;
    if (!isNew) return;
    logForeign(now);
    changes.notify();
  }

  async function checkOrLog(): Promise<void> {
    try {
      await look();
      outage.over();
    } catch (error) {
      outage.failed('warn', 'cannot check for foreign listeners on agent ports', {
        error: describeError(error),
        hint: UNREADABLE,
      });
    }
  }

  return {
    current: () => foreign,
    onChange: changes.on,
    named: agents.named,
    left: agents.left,
    async run(signal) {
      const stopped = () => signal.aborted;
      for (;;) {
        await clock.sleep(EVERY_MS, signal);
        if (stopped()) break;
        await checkOrLog();
      }
      await agents.close();
    },
  };
}

/** Logs each foreign listener when it appears and when it has closed. */
function createForeignLog(log: Log): (foreign: readonly ForeignListener[]) => void {
  const compare = createArrivals<ForeignListener>();
  return (foreign) => {
    const { added, removed } = compare(new Map(foreign.map((one) => [JSON.stringify(one), one])));
    for (const one of added) log.warn('foreign listener on an agent port', { ...one, hint: HINT });
    for (const one of removed) log.info('foreign listener on an agent port closed', { ...one });
  };
}

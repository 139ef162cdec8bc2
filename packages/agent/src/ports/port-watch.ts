import { createChanges, createOutageLog, describeError } from '@rolegate/runtime';
import type { Clock, HostPort, Log } from '@rolegate/runtime';
import { compareListeners } from './foreign-listeners.ts';
import type { ForeignListener, Unnamed } from './foreign-listeners.ts';
import type { ListenerNotes } from './listener-notes.ts';
import type { ListeningSocket } from './listening-sockets.ts';
import type { NamedListeners } from './named-listeners.ts';

/** Between two looks. Two find a foreign listener, and each costs a millisecond or a few. Milliseconds. */
const EVERY_MS = 10_000;
/** Foreign listeners that are told. */
const MOST_TOLD = 20;

const HINT =
  'connections to the agent reach it: find its process on the node with ss -tlnpe, and end it or give it another port';

export interface PortWatchDeps {
  readonly read: () => Promise<readonly ListeningSocket[]>;
  /** Undefined: agents of other Pods are not heard. */
  readonly notes: ListenerNotes | undefined;
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
  readonly log: Log;
}

/** Looks who listens on the ports of the node's agents (DESIGN.md 4.4). */
export interface PortWatch {
  /** Undefined: not known yet. */
  readonly current: () => readonly ForeignListener[] | undefined;
  /** The returned function ends the listening. */
  readonly onChange: (listener: () => void) => () => void;
  /** An agent of this Pod, which is known by any object of its own, names its listeners. */
  readonly named: (agent: object, named: NamedListeners) => void;
  readonly left: (agent: object) => void;
  /** Never rejects: what cannot be read is tried again. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

export function createPortWatch({ read, notes, clock, log }: PortWatchDeps): PortWatch {
  const changes = createChanges({ log, of: 'foreign listeners' });
  const told = createTold(log);
  const [outage, notesOutage] = [createOutageLog({ clock, log }), createOutageLog({ clock, log })];
  const agents = new Map<object, NamedListeners>();
  let ports: readonly HostPort[] = [];
  let unnamed: Unnamed = new Map();
  let foreign: readonly ForeignListener[] | undefined;
  let written = Promise.resolve();
  let noteIsDue = false;

  function agentsChanged(): void {
    const all = [...agents.values()];
    // An agent that is being restarted wants the same ports again.
    if (all.length > 0) ports = all.flatMap((agent) => agent.ports);
    if (noteIsDue) return;
    noteIsDue = true;
    written = written.then(note);
  }

  async function note(): Promise<void> {
    noteIsDue = false;
    const inodes = [...agents.values()].flatMap((agent) => agent.inodes);
    try {
      if (inodes.length > 0) await notes?.write({ ports, inodes });
      else await notes?.close();
    } catch (error) {
      notesOutage.failed('warn', 'listeners not noted for other agents', { error: describeError(error) });
    }
  }

  /** Undefined: agents of other Pods are not heard. */
  async function readNotes(): Promise<ReadonlyMap<string, NamedListeners> | undefined> {
    try {
      await written;
      const all = await notes?.read();
      if (all !== undefined) notesOutage.over();
      return all;
    } catch (error) {
      notesOutage.failed('warn', 'listeners of other agents not known', { error: describeError(error) });
      return undefined;
    }
  }

  async function look(): Promise<void> {
    // In this order: what a note names listens already when it is looked for.
    const heard = await readNotes();
    const listening = await read();
    const all = [...agents.values(), ...(heard?.values() ?? [])];
    const named = new Set(all.flatMap(({ inodes }) => inodes));
    const found = compareListeners(unnamed, {
      listening,
      ports,
      named,
      allHeard: heard !== undefined,
      nowMs: clock.monotonic(),
    });
    unnamed = found.unnamed;
    if (ports.length > 0) tell(found.foreign.slice(0, MOST_TOLD));
    if (heard !== undefined) await removeDead(heard, listening);
  }

  function tell(now: readonly ForeignListener[]): void {
    const isNew = JSON.stringify(now) !== JSON.stringify(foreign);
    foreign = now;
    if (!isNew) return;
    told(now);
    changes.notify();
  }

  /** Whoever has left a note and listens no more is gone. */
  async function removeDead(
    heard: ReadonlyMap<string, NamedListeners>,
    listening: readonly ListeningSocket[],
  ): Promise<void> {
    const alive = new Set(listening.map(({ inode }) => inode));
    for (const [name, { inodes }] of heard)
      if (!inodes.some((inode) => alive.has(inode))) await notes?.remove(name);
  }

  return {
    current: () => foreign,
    onChange: changes.on,
    named(agent, named) {
      agents.set(agent, named);
      agentsChanged();
    },
    left(agent) {
      if (agents.delete(agent)) agentsChanged();
    },
    async run(signal) {
      const stopped = () => signal.aborted;
      for (;;) {
        await clock.sleep(EVERY_MS, signal);
        if (stopped()) break;
        try {
          await look();
          outage.over();
        } catch (error) {
          outage.failed('warn', 'listeners of the node not compared', { error: describeError(error) });
        }
      }
      agents.clear();
      agentsChanged();
      await written;
    },
  };
}

/** Each foreign listener is told when it comes and when it has gone. */
function createTold(log: Log): (foreign: readonly ForeignListener[]) => void {
  let before = new Map<string, ForeignListener>();
  return (foreign) => {
    const now = new Map(foreign.map((one) => [JSON.stringify(one), one]));
    for (const [key, one] of now)
      if (!before.has(key)) log.warn('foreign listener on a port of the agent', { ...one, hint: HINT });
    for (const [key, one] of before)
      if (!now.has(key)) log.info('foreign listener on a port of the agent is gone', { ...one });
    before = now;
  };
}

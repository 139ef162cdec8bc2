import { createOutageLog, describeError } from '@rolegate/runtime';
import type { Clock, HostPort, Log } from '@rolegate/runtime';
import type { ListenerNotes } from './listener-notes.ts';
import type { ListeningSocket } from './listening-sockets.ts';
import type { NamedListeners } from './named-listeners.ts';

/** The listeners in the notes of other agent Pods, by file name. */
type Noted = ReadonlyMap<string, NamedListeners>;

const HINT =
  'Foreign listeners are not detected while this fails. Check that the directory of --listeners-dir exists, belongs to root and is writable only by root.';

export interface AgentsOfNodeDeps {
  /** Undefined: listeners of other agent Pods are not known. */
  readonly notes: ListenerNotes | undefined;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Log;
}

/** The listeners that belong to agents of the node: of this Pod by name, of other Pods by notes. */
export interface AgentsOfNode {
  /** An agent of this Pod, identified by any object, names its listeners. */
  readonly named: (agent: object, named: NamedListeners) => void;
  readonly left: (agent: object) => void;
  /** Of the agents of this Pod; the last known ones if there is none. */
  readonly ports: () => readonly HostPort[];
  readonly inodes: (noted: Noted | undefined) => ReadonlySet<number>;
  /** Undefined: listeners of other agent Pods are not known. Never rejects. */
  readonly readNotes: () => Promise<Noted | undefined>;
  /** Removes the notes of agents that no longer listen. */
  readonly removeDead: (noted: Noted, listening: readonly ListeningSocket[]) => Promise<void>;
  /** All agents of this Pod have left. */
  readonly close: () => Promise<void>;
}

export function createAgentsOfNode({ notes, clock, log }: AgentsOfNodeDeps): AgentsOfNode {
  const outage = createOutageLog({ clock, log });
  const agents = new Map<object, NamedListeners>();
  let ports: readonly HostPort[] = [];
  let written = Promise.resolve();
  let noteIsDue = false;

  function agentsChanged(): void {
    const all = [...agents.values()];
    // An agent that is being restarted will use the same ports.
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
      outage.failed('warn', 'cannot write listener list', { error: describeError(error), hint: HINT });
    }
  }

  async function readNotes(): Promise<Noted | undefined> {
    try {
      await written;
      const all = await notes?.read();
      if (all !== undefined) outage.over();
      return all;
    } catch (error) {
      outage.failed('warn', 'cannot read listener lists of other agents', {
        error: describeError(error),
        hint: HINT,
      });
      return undefined;
    }
  }

  return {
    named(agent, named) {
      agents.set(agent, named);
      agentsChanged();
    },
    left(agent) {
      if (agents.delete(agent)) agentsChanged();
    },
    ports: () => ports,
    inodes: (noted) => inodesOf([...agents.values(), ...(noted?.values() ?? [])]),
    readNotes,
    removeDead: async (noted, listening) => {
      for (const name of deadIn(noted, listening)) await notes?.remove(name);
    },
    async close() {
      agents.clear();
      agentsChanged();
      await written;
    },
  };
}

/** Notes without an existing listener. */
function deadIn(noted: Noted, listening: readonly ListeningSocket[]): readonly string[] {
  const alive = new Set(listening.map(({ inode }) => inode));
  return [...noted].flatMap(([name, { inodes }]) => (inodes.some((inode) => alive.has(inode)) ? [] : [name]));
}

function inodesOf(named: readonly NamedListeners[]): ReadonlySet<number> {
  return new Set(named.flatMap(({ inodes }) => inodes));
}

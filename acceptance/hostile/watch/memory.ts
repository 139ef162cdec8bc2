import { setTimeout as sleep } from 'node:timers/promises';
import { programNames } from '../../chart-programs/node-programs.ts';
import type { ProgramName } from '../../chart-programs/node-programs.ts';
import type { HostileNode } from '../node/world.ts';
import { socketBytes } from './socket-memory.ts';
import { PORTS } from '../../network/addresses.ts';

/** Between two looks, each of which starts two processes. Milliseconds. */
export const EVERY_MS = 250;

/** The most that a program has needed at one moment. Bytes. */
export interface HighWater {
  /** Both parts of the same moment. */
  readonly bytes: number;
  readonly socketBytes: number;
}

export interface MemoryWatch {
  readonly end: () => Promise<Readonly<Record<ProgramName, HighWater>>>;
}

/** Ports of the programs, served or reserved by the contract (DESIGN.md 4.7). */
export const ports: Readonly<Record<'node' | 'server', readonly number[]>> = {
  node: [PORTS.agent, 8_182, PORTS.agentOps, PORTS.agentProbes],
  server: [PORTS.server, 9_611, PORTS.serverOps, 9_622],
};

/** Looks at what each program needs until `end`. */
export function watchMemory({ programs, namespaces, cgroups }: HostileNode): MemoryWatch {
  const most: Record<ProgramName, HighWater> = {
    agent: { bytes: 0, socketBytes: 0 },
    reconcile: { bytes: 0, socketBytes: 0 },
    server: { bytes: 0, socketBytes: 0 },
  };

  async function socketsOf(name: ProgramName): Promise<number> {
    // The kernel counts them against the limit by itself, or the program has none.
    if (cgroups.countsSockets || name === 'reconcile') return 0;
    const place = name === 'server' ? 'server' : 'node';
    return socketBytes(namespaces.enter(place), { own: ports[place] });
  }

  async function look(): Promise<void> {
    await Promise.all(
      programNames.map(async (name) => {
        const [used, sockets] = [await programs[name].group.usedBytes(), await socketsOf(name)];
        if (used + sockets > most[name].bytes) most[name] = { bytes: used + sockets, socketBytes: sockets };
      }),
    );
  }

  const endLooking = keepLooking(look, EVERY_MS);
  return {
    async end() {
      await endLooking();
      return most;
    },
  };
}

/** Looks at once and then every so many milliseconds, until the returned function is called; it rejects if a look has failed. */
export function keepLooking(look: () => Promise<void>, everyMs: number): () => Promise<void> {
  const stop = new AbortController();

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      await look();
      await sleep(everyMs);
    }
  }

  const looking = run();
  looking.catch(() => undefined); // told by the end
  return () => {
    stop.abort();
    return looking;
  };
}

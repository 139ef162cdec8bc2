import { setTimeout as sleep } from 'node:timers/promises';
import { programNames } from '../../chart-programs/node-programs.ts';
import type { ProgramName } from '../../chart-programs/node-programs.ts';
import type { HostileNode } from '../node/world.ts';
import { socketBytes } from './socket-memory.ts';
import { PORTS } from '../../network/addresses.ts';

/** Interval between samples, each of which starts two processes. Milliseconds. */
export const EVERY_MS = 250;

/** Peak memory of a program. Bytes. */
export interface PeakMemory {
  /** Including `socketBytes`. */
  readonly bytes: number;
  readonly socketBytes: number;
}

export interface MemoryWatch {
  readonly end: () => Promise<Readonly<Record<ProgramName, PeakMemory>>>;
}

/** Ports of the programs, including reserved ones (DESIGN.md 4.7). */
export const ports: Readonly<Record<'node' | 'server', readonly number[]>> = {
  node: [PORTS.agent, 8_182, PORTS.agentOps, PORTS.agentProbes],
  server: [PORTS.server, 9_611, PORTS.serverOps, 9_622],
};

/** Samples the memory of each program until `end`. */
export function watchMemory({ programs, namespaces, cgroups }: HostileNode): MemoryWatch {
  const most: Record<ProgramName, PeakMemory> = {
    agent: { bytes: 0, socketBytes: 0 },
    reconcile: { bytes: 0, socketBytes: 0 },
    server: { bytes: 0, socketBytes: 0 },
  };

  async function socketsOf(name: ProgramName): Promise<number> {
    // With version 2 the kernel already counts sockets; reconcile has none.
    if (cgroups.countsSockets || name === 'reconcile') return 0;
    const place = name === 'server' ? 'server' : 'node';
    return socketBytes(namespaces.enter(place), { own: ports[place] });
  }

  async function sample(): Promise<void> {
    await Promise.all(
      programNames.map(async (name) => {
        const [used, sockets] = [await programs[name].group.usedBytes(), await socketsOf(name)];
        if (used + sockets > most[name].bytes) most[name] = { bytes: used + sockets, socketBytes: sockets };
      }),
    );
  }

  const endSampling = sampleRepeatedly(sample, EVERY_MS);
  return {
    async end() {
      await endSampling();
      return most;
    },
  };
}

/** Samples immediately and then at the interval, until the returned function is called. It rejects if a sample failed. */
export function sampleRepeatedly(sample: () => Promise<void>, everyMs: number): () => Promise<void> {
  const stop = new AbortController();

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      await sample();
      await sleep(everyMs);
    }
  }

  const sampling = run();
  sampling.catch(() => undefined); // awaited by the returned function
  return () => {
    stop.abort();
    return sampling;
  };
}

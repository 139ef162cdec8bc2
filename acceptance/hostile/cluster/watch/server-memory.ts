import type { Cluster } from '../cluster.ts';
import { EVERY_MS, sampleRepeatedly, ports } from '../../watch/memory.ts';
import type { PeakMemory } from '../../watch/memory.ts';
import { socketBytes } from '../../watch/socket-memory.ts';

export interface ServerMemory {
  readonly end: () => Promise<PeakMemory>;
}

/** Samples the server's memory, including socket buffers, until `end`. */
export function watchServerMemory({ environment, server, apiPort }: Cluster): ServerMemory {
  let most: PeakMemory = { bytes: 0, socketBytes: 0 };

  async function sample(): Promise<void> {
    // Sockets that the server serves and those to the API server. With version 2 the kernel already counts them.
    const ofSockets = { own: ports.server, peers: [apiPort] };
    const [used, sockets] = await Promise.all([
      server.group.usedBytes(),
      environment.cgroups.countsSockets ? 0 : socketBytes(environment.enter, ofSockets),
    ]);
    if (used + sockets > most.bytes) most = { bytes: used + sockets, socketBytes: sockets };
  }

  const endSampling = sampleRepeatedly(sample, EVERY_MS);
  return {
    async end() {
      await endSampling();
      return most;
    },
  };
}

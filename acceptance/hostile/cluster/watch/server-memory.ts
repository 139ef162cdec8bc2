import type { Cluster } from '../cluster.ts';
import { EVERY_MS, keepLooking, ports } from '../../watch/memory.ts';
import type { HighWater } from '../../watch/memory.ts';
import { socketBytes } from '../../watch/socket-memory.ts';

export interface ServerMemory {
  readonly end: () => Promise<HighWater>;
}

/** Looks at what the server needs until `end`, socket buffers included. */
export function watchServerMemory({ ground, server, apiPort }: Cluster): ServerMemory {
  let most: HighWater = { bytes: 0, socketBytes: 0 };

  async function look(): Promise<void> {
    // The kernel counts them against the limit by itself, or the sockets are both those that the server serves and its own.
    const ofSockets = { own: ports.server, peers: [apiPort] };
    const [used, sockets] = await Promise.all([
      server.group.usedBytes(),
      ground.cgroups.countsSockets ? 0 : socketBytes(ground.enter, ofSockets),
    ]);
    if (used + sockets > most.bytes) most = { bytes: used + sockets, socketBytes: sockets };
  }

  const endLooking = keepLooking(look, EVERY_MS);
  return {
    async end() {
      await endLooking();
      return most;
    },
  };
}

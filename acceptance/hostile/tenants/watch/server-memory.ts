import { setTimeout as sleep } from 'node:timers/promises';
import { EVERY_MS, ports } from '../../watch/memory.ts';
import type { HighWater } from '../../watch/memory.ts';
import { socketBytes } from '../../watch/socket-memory.ts';
import type { Cluster } from '../world/cluster.ts';

export interface ServerMemory {
  readonly end: () => Promise<HighWater>;
}

/** Looks at what the server needs until `end`, socket buffers included. */
export function watchServerMemory({ ground, server, apiPort }: Cluster): ServerMemory {
  const stop = new AbortController();
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

  async function keepLooking(): Promise<void> {
    while (!stop.signal.aborted) {
      await look();
      await sleep(EVERY_MS);
    }
  }

  const looking = keepLooking();
  looking.catch(() => undefined); // told by `end`
  return {
    async end() {
      stop.abort();
      await looking;
      return most;
    },
  };
}

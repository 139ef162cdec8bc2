import { Refusal } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import type { PeerIdentity } from '../identity/peers.ts';
import { createRateLimits } from '../limits/rate-limits.ts';
import type { ServerMemory } from '../memory/memory.ts';
import type { ReportLimitHit } from '../limits/limit-hits.ts';

/** An agent opens its next stream before it closes the previous one. */
const MOST_OF_AGENT = 2;
/** During a surge upgrade a node has two agents. */
const MOST_OF_NODE = 4;
/** Of one connection, until its peer is identified. */
const MOST_UNKNOWN = 4;
/** How often a node can open streams; each costs a snapshot of its Pods. */
const OPENED = { perSecond: 5, burst: 20 };

/** The place that an open stream occupies. */
export interface Place {
  /** The peer was identified. Throws a Refusal if its node opens streams too often. */
  known(identity: Pick<PeerIdentity, 'node' | 'podUid'>): void;
  leave(): void;
}

export interface StreamPlaces {
  /** A stream of the connection begins; `evict` ends it if its agent or node has too many newer ones. */
  enter(peer: string, evict: (refusal: Refusal) => void): Place;
}

export interface StreamPlacesDeps {
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  readonly hit: ReportLimitHit;
  readonly memory?: ServerMemory | undefined;
}

interface PlacedStream {
  readonly peer: string;
  readonly node: string | undefined;
  readonly keys: readonly string[];
  readonly evict: (refusal: Refusal) => void;
}

/** Limits the streams of each agent Pod and each node; the newest are kept. */
export function createStreamPlaces({ clock, hit, memory }: StreamPlacesDeps): StreamPlaces {
  /** By agent Pod, node or connection; oldest first. */
  const groups = new Map<string, Set<PlacedStream>>();
  const mayOpen = createRateLimits({ ...OPENED, clock, memory, kind: 'opening_nodes' });

  function leave(stream: PlacedStream): void {
    for (const key of stream.keys) {
      const group = groups.get(key);
      group?.delete(stream);
      if (group?.size === 0) groups.delete(key);
    }
  }

  function join(stream: PlacedStream, most: ReadonlyMap<string, number>): void {
    for (const [key, limit] of most) {
      const group = groups.get(key) ?? new Set();
      groups.set(key, group.add(stream));
      const [oldest] = group;
      if (group.size > limit && oldest !== undefined) displace(oldest, limit);
    }
  }

  function displace(oldest: PlacedStream, limit: number): void {
    const { node, peer } = oldest;
    leave(oldest);
    hit('node_streams', { node, peer });
    oldest.evict(new Refusal('ServerUnavailable', `newer streams replaced this one; ${limit} are kept`));
  }

  return {
    enter(peer, evict) {
      const place = (node: string | undefined, most: ReadonlyMap<string, number>): PlacedStream => {
        const stream = { peer, node, keys: [...most.keys()], evict };
        join(stream, most);
        return stream;
      };
      let placed = place(undefined, new Map([[`connection ${peer}`, MOST_UNKNOWN]]));
      return {
        known({ node, podUid }) {
          leave(placed);
          if (!mayOpen(node)) {
            hit('node_streams', { node, peer });
            throw new Refusal(
              'ServerUnavailable',
              `the node opens more than ${OPENED.perSecond} streams a second`,
            );
          }
          const most = new Map([[`node ${node}`, MOST_OF_NODE]]);
          if (podUid !== undefined) most.set(`agent ${podUid}`, MOST_OF_AGENT);
          placed = place(node, most);
        },
        leave() {
          leave(placed);
        },
      };
    },
  };
}

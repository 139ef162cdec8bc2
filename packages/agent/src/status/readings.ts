import type { Callers } from '../addresses/callers.ts';
import type { CniResults } from '../addresses/cni-results.ts';
import type { IpSource } from '../addresses/ip-source.ts';
import type { FeedClient } from '../feed/feed-client.ts';
import type { KnownPod } from '../feed/table/known-pod.ts';
import type { PodTable } from '../feed/table/pod-table.ts';
import type { Identity } from '../identity/identity.ts';
import type { FollowedReconcile } from '../reconcile/follow.ts';

/** What the status reads from the agent's mode. */
export interface ModeReadings {
  readonly pods: () => readonly KnownPod[];
  readonly session: PodTable['session'];
  readonly cachedSessions: PodTable['cachedSessions'];
  readonly peek: Callers['peek'];
  readonly source: () => IpSource;
  /** Undefined: the mode needs no server. */
  readonly server:
    | {
        readonly feed: Pick<FeedClient, 'connected' | 'lostSinceMs' | 'status'>;
        readonly synced: () => boolean;
        readonly identity: Pick<Identity, 'tls' | 'check'>;
        /** How far the node's clock was ahead of the server's when the feed began; 0 before. */
        readonly skewMs: () => number;
      }
    | undefined;
}

/** What the status reads about the node. */
export interface NodeReadings {
  readonly cniResults: Pick<CniResults, 'owner' | 'ips' | 'states' | 'awaited'>;
  /** Undefined: the agent has no --cni-socket. */
  readonly reconcile:
    | {
        readonly connected: () => boolean;
        readonly interception: Pick<FollowedReconcile['interception'], 'current' | 'lastKnown'>;
        readonly foreignListeners: FollowedReconcile['foreignListeners'];
        /** Undefined: unknown. */
        readonly imdsv1Open: () => boolean | undefined;
      }
    | undefined;
}

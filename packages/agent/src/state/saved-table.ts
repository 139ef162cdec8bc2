import type { Clock } from '@rolegate/runtime';
import type { KeptClaim } from '../addresses/kept-claims.ts';
import type { FeedClient } from '../feed/feed-client.ts';
import type { KnownPod } from '../feed/known-pod.ts';
import type { PodTable } from '../feed/pod-table.ts';
import type { SavedTable } from './saved-state.ts';

/** Before a feed was complete there is nothing that another process could go on with. */
export function savedTable({
  table,
  feed,
  hasResults,
  claims,
  clock,
}: {
  readonly table: Pick<PodTable, 'synced' | 'pods' | 'contents'>;
  readonly feed: Pick<FeedClient, 'awaySinceMs'>;
  readonly hasResults: (pod: KnownPod) => boolean;
  readonly claims: () => readonly KeptClaim[];
  readonly clock: Pick<Clock, 'monotonic'>;
}): SavedTable | undefined {
  if (!table.synced) return undefined;
  const named = table.pods().filter(hasResults);
  const feedThereMs = feed.awaySinceMs ?? clock.monotonic();
  return { ...table.contents(), named: named.map(({ uid }) => uid), claims: claims(), feedThereMs };
}

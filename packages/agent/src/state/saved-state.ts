import type { Clock } from '@rolegate/runtime';
import type { SavedClaim } from '../addresses/saved-claims.ts';
import type { FeedClient } from '../feed/feed-client.ts';
import type { KnownPod } from '../feed/table/known-pod.ts';
import type { PodTable } from '../feed/table/pod-table.ts';
import type { TableContents } from '../feed/table/contents.ts';
import type { SavedCertificate } from '../identity/saved-certificate.ts';
import type { SavedTokens } from '../imds-tokens/token-keys.ts';

/** What of the agent outlives its process. Monotonic times are those of the process that has it. */
export interface SavedState {
  /** Undefined only where nothing is kept. */
  readonly tokens?: SavedTokens | undefined;
  readonly certificate?: SavedCertificate | undefined;
  /** Undefined: no feed was ever complete. */
  readonly table?: SavedTable | undefined;
}

/** The table as of when the feed was last there. */
export interface SavedTable extends TableContents {
  /** UIDs of the Pods that the CNI results name, or named until the runtime removed them. */
  readonly named: readonly string[];
  /** What the CNI results said of addresses. Undefined: an older agent wrote the state. */
  readonly claims?: readonly SavedClaim[] | undefined;
  /** When the feed was last there. Monotonic milliseconds. */
  readonly feedThereMs: number;
}

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
  readonly claims: () => readonly SavedClaim[];
  readonly clock: Pick<Clock, 'monotonic'>;
}): SavedTable | undefined {
  if (!table.synced) return undefined;
  const named = table.pods().filter(hasResults);
  const feedThereMs = feed.awaySinceMs ?? clock.monotonic();
  return { ...table.contents(), named: named.map(({ uid }) => uid), claims: claims(), feedThereMs };
}

import type { Clock } from '@rolegate/runtime';
import type { SavedClaim } from '../addresses/saved-claims.ts';
import type { FeedClient } from '../feed/feed-client.ts';
import type { KnownPod } from '../feed/table/known-pod.ts';
import type { PodTable } from '../feed/table/pod-table.ts';
import type { TableContents } from '../feed/table/contents.ts';
import type { SavedIssuerKeys } from '../container-credentials/service-account-token/issuer-keys.ts';
import type { SavedCertificate } from '../identity/saved-certificate.ts';
import type { SavedTokens } from '../imds-tokens/token-keys.ts';

/** The agent's state that survives its process. Monotonic times are those of the process that holds it. */
export interface SavedState {
  /** Undefined only if no state is saved. */
  readonly tokens?: SavedTokens | undefined;
  readonly certificate?: SavedCertificate | undefined;
  /** Undefined: container credentials are not served, or no server has sent any. */
  readonly issuerKeys?: SavedIssuerKeys | undefined;
  /** Undefined: no feed was ever synced. */
  readonly table?: SavedTable | undefined;
}

/** The table as it was when the feed was last connected. */
export interface SavedTable extends TableContents {
  /** UIDs of the Pods that the CNI results name, or named until the runtime removed them. */
  readonly named: readonly string[];
  /** The owners of addresses by CNI results. Undefined: written by an older agent. */
  readonly claims?: readonly SavedClaim[] | undefined;
  /** When the feed was last connected. Monotonic milliseconds. */
  readonly feedThereMs: number;
}

/** Undefined before a feed was synced: there is nothing to restore. */
export function savedTable({
  table,
  feed,
  hasResults,
  claims,
  clock,
}: {
  readonly table: Pick<PodTable, 'synced' | 'pods' | 'contents'>;
  readonly feed: Pick<FeedClient, 'lostSinceMs'>;
  readonly hasResults: (pod: KnownPod) => boolean;
  readonly claims: () => readonly SavedClaim[];
  readonly clock: Pick<Clock, 'monotonic'>;
}): SavedTable | undefined {
  if (!table.synced) return undefined;
  const named = table.pods().filter(hasResults);
  const feedThereMs = feed.lostSinceMs ?? clock.monotonic();
  return { ...table.contents(), named: named.map(({ uid }) => uid), claims: claims(), feedThereMs };
}

import { createIssuerKeys } from '../container-credentials/service-account-token/issuer-keys.ts';
import type { IssuerKeys } from '../container-credentials/service-account-token/issuer-keys.ts';
import type { TokenReviewer } from '../container-credentials/service-account-token/reviews.ts';
import type { FeedClient } from '../feed/feed-client.ts';
import { createStateReport } from '../feed/state-report.ts';
import type { FollowedFeed, ReportedServing } from './roles-servers.ts';
import type { RolesModeDeps } from './roles-mode.ts';

/** What ServiceAccount tokens are judged by. */
export interface TokenSources {
  readonly keys: IssuerKeys;
  readonly reviewer: TokenReviewer;
  /** The time that tokens are checked by. Milliseconds since the epoch. */
  readonly nowMs: () => number;
}

/** Keys from the feed, and what servers are told about this agent. Undefined without `--container-credentials`. */
export function reportServing(
  { config, serving, state, metrics, clock, log }: RolesModeDeps,
  feed: () => Pick<FeedClient, 'connected'>,
): ReportedServing | undefined {
  if (!config.containerCredentials.enabled) return undefined;
  const issuerKeys = createIssuerKeys({
    kept: state.kept.issuerKeys,
    feedConnected: () => feed().connected,
    // A withdrawn key must not be restored.
    changed: state.withdrawn,
    clock,
    log,
  });
  metrics.readIssuerKeys(issuerKeys.count);
  return { serving: createStateReport(serving.current), issuerKeys };
}

export function tokenSources(
  keys: IssuerKeys,
  { servers, skew }: Pick<FollowedFeed, 'servers' | 'skew'>,
): TokenSources {
  const reviewer = { isConnected: () => servers.ready() !== undefined, review: servers.reviewToken };
  return { keys, reviewer, nowMs: skew.serverNowMs };
}

import { createTokenJudge } from '../container-credentials/service-account-token/judge.ts';
import { tokenClientOf } from '../container-credentials/token-client.ts';
import type { TokenJudge } from '../container-credentials/token-judge.ts';
import { clientOf } from '../pod-http/connections.ts';
import type { LimitHits } from '../pod-http/limit-hits.ts';
import type { AgentCore, AgentDeps } from './core.ts';

/** Undefined if the agent does not serve container credentials. */
export function composeTokenJudge(
  { config, clock, log }: AgentDeps,
  { mode: { callers, table, tokenSources }, memory }: AgentCore,
  limitHit: LimitHits['hit'],
): TokenJudge | undefined {
  return (
    tokenSources &&
    createTokenJudge({
      ...tokenSources,
      audience: config.containerCredentials.audience,
      limited(limit, ip) {
        limitHit(limit, clientOf(callers.identify(ip), ip), ip);
      },
      clientOf: (ip, podUid) => tokenClientOf(callers.identify(ip), ip, table.pod(podUid)),
      memory,
      clock,
      log,
    })
  );
}

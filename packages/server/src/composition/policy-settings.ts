import type { ServerConfig } from '../config/config.ts';
import type { PolicySettings } from '../policy/decide.ts';

/** What flags mean to the policy. `base` may learn its ARN later. */
export function policySettings(
  { roles, sessions, clusterName }: ServerConfig,
  base: { readonly arn: string | undefined },
): PolicySettings {
  return {
    get roleBaseArn() {
      return base.arn;
    },
    ceilings: roles.ceilings,
    namespacePolicy: roles.namespacePolicy,
    defaultRole: roles.defaultRole,
    sessionScope: sessions.scope,
    sessionNameTemplate: sessions.nameTemplate,
    sourceIdentityTemplate: sessions.sourceIdentityTemplate,
    sessionTagTemplates: sessions.tagTemplates,
    durationSeconds: sessions.durationMs / 1000,
    clusterName,
  };
}

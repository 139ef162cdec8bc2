import { duration, list, oneOf, optional, pair, setting, text, toggle } from '@rolegate/runtime';
import { role, roleBaseArn } from './kinds.ts';

/** STS takes 900 s to 12 h (API reference, AssumeRole). Milliseconds. */
const SHORTEST_SESSION_MS = 15 * 60_000;
const LONGEST_SESSION_MS = 12 * 3_600_000;

const ROLES = 'Roles';
const SESSIONS = 'Sessions';

/** Which roles Pods may have, and as whom. */
export const rolesFlags = {
  'role-base-arn': optional(roleBaseArn, {
    group: ROLES,
    help: "what stands before a role's path and name; without it it is detected from the server's own identity",
  }),
  'role-ceiling': list(text('GLOB'), {
    group: ROLES,
    separator: 'line',
    help:
      'glob on the whole role ARN; no Namespace can permit a role that fits none of them; ' +
      "without it the base ARN's account",
  }),
  'namespace-policy': setting(oneOf(['enforce', 'audit']), {
    group: ROLES,
    fallback: 'enforce',
    help: 'audit permits inside the ceiling, and logs and counts what enforce would refuse',
  }),
  'default-role': optional(role, {
    group: ROLES,
    help: 'role of Pods for which neither Pod, ServiceAccount nor Namespace names one; it too must be permitted',
  }),
  'session-scope': setting(oneOf(['pod', 'workload', 'role']), {
    group: SESSIONS,
    fallback: 'workload',
    help: 'who shares credentials: nobody; the Pods of one ServiceAccount; all Pods of one role',
  }),
  'session-duration': setting(duration({ minMs: SHORTEST_SESSION_MS, maxMs: LONGEST_SESSION_MS }), {
    group: SESSIONS,
    fallback: '1h',
    help: 'life of credentials, 50m to 1h; 15m is read as 1h',
  }),
  'allow-short-sessions': toggle({
    group: SESSIONS,
    help: 'take a --session-duration of 15m to 50m as it is',
  }),
  'session-name-template': optional(text('TEMPLATE'), {
    group: SESSIONS,
    help: 'role session name, over {cluster} {namespace} {serviceAccount} {pod} {uid} {node}',
  }),
  'source-identity-template': optional(text('TEMPLATE'), {
    group: SESSIONS,
    help: "source identity; the role's trust policy must allow sts:SetSourceIdentity",
  }),
  'session-tag': list(pair('KEY=TEMPLATE'), {
    group: SESSIONS,
    separator: 'line',
    help: "session tag; the role's trust policy must allow sts:TagSession",
  }),
};

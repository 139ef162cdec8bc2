import { duration, list, oneOf, optional, pair, setting, text, toggle } from '@rolegate/runtime';
import { role, roleBaseArn } from './kinds.ts';

/** STS accepts 900 s to 12 h (API reference, AssumeRole). Milliseconds. */
const SHORTEST_SESSION_MS = 15 * 60_000;
const LONGEST_SESSION_MS = 12 * 3_600_000;

const ROLES = 'Roles';
const SESSIONS = 'Sessions';

/** Flags for the roles and sessions of Pods. */
export const rolesFlags = {
  'role-base-arn': optional(roleBaseArn, {
    group: ROLES,
    help: "ARN prefix of role names; detected from the server's own identity by default",
  }),
  'role-ceiling': list(text('GLOB'), {
    group: ROLES,
    separator: 'line',
    help:
      'glob for full role ARNs; a role that matches no glob is refused, whatever its Namespace permits; ' +
      "defaults to all roles of the base ARN's account",
  }),
  'namespace-policy': setting(oneOf(['enforce', 'audit']), {
    group: ROLES,
    fallback: 'enforce',
    help: 'audit permits every role inside the ceiling, and logs and counts what enforce would refuse',
  }),
  'default-role': optional(role, {
    group: ROLES,
    help: 'role of Pods for which neither Pod, ServiceAccount nor Namespace sets one; must be permitted like any other',
  }),
  'session-scope': setting(oneOf(['pod', 'workload', 'role']), {
    group: SESSIONS,
    fallback: 'workload',
    help:
      'who shares the credentials of a role: pod: no other Pod; workload: the Pods of one ServiceAccount; ' +
      'role: all Pods with the role',
  }),
  'session-duration': setting(duration({ minMs: SHORTEST_SESSION_MS, maxMs: LONGEST_SESSION_MS }), {
    group: SESSIONS,
    fallback: '1h',
    help:
      'lifetime of credentials: 50m to 1h, or up to 12h with permanent AWS keys and no --assume-role-arn; ' +
      'agents get new ones after 40 to 48 % of it; 15m, the default of kiam, is treated as 1h',
  }),
  'allow-short-sessions': toggle({
    group: SESSIONS,
    help: 'allow a --session-duration of 15m to 50m',
  }),
  'session-name-template': optional(text('TEMPLATE'), {
    group: SESSIONS,
    help: 'role session name; can contain {cluster} {namespace} {serviceAccount} {pod} {uid} {node}',
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

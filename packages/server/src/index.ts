export { annotation } from './annotations/annotations.ts';
export { createPolicy } from './policy/decide.ts';
export type { Decision, Policy, PolicySettings, Presence, Subject, Verdict } from './policy/decide.ts';
export { parseRole, parseRoleBaseArn, roleName } from './policy/role-arn.ts';

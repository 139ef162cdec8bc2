export { createPolicy } from './policy/decide.ts';
export type { Decision, Policy, PolicySettings, Presence, Subject, Verdict } from './policy/decide.ts';

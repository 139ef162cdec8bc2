import { durationMs } from '../release/go-duration.ts';
import { isOn, lastValue } from '../release/arguments.ts';
import type { Arguments } from '../release/arguments.ts';
import type { OldProgram } from '../release/old-program.ts';
import { majorOf } from '../release/rules-of.ts';
import type { KiamRules, OldRules } from '../old-rules/old-system.ts';

/** Something that differs for the whole cluster. */
export interface Difference {
  readonly about: string;
  readonly now: string;
  readonly then: string;
  readonly todo: string;
}

/** kiam's and kube2iam's defaults. Milliseconds. */
const KIAM_SESSION_MS = 15 * 60_000;
const KUBE2IAM_TTL_MS = 15 * 60_000;
const HOUR_MS = 3_600_000;

/** What differs for all Pods, by the flags of the old system. */
export function differences(programs: readonly OldProgram[], rules: OldRules): readonly Difference[] {
  const given = (part: 'agent' | 'server') =>
    programs.find((program) => program.part === part)?.given ?? new Map();
  return rules.kind === 'kiam'
    ? [
        ...kiamDifferences(given('agent'), given('server'), rules),
        ...kiamVersion(programs.find(({ part }) => part === 'server')?.version ?? ''),
      ]
    : kube2iamDifferences(given('agent'), rules);
}

function kiamDifferences(agent: Arguments, server: Arguments, rules: KiamRules): readonly Difference[] {
  const durationText = lastValue(server, 'session-duration');
  return [
    sessionDuration(durationText === undefined ? KIAM_SESSION_MS : durationMs(durationText)),
    {
      about: 'session names',
      now: 'kiam-NAME, from the annotation or --session',
      then: '<namespace>.<serviceAccount>, or <namespace>.NAME with the annotation',
      todo: 'adapt trust policies and CloudTrail queries that name sessions',
    },
    {
      about: 'expressions of Namespaces',
      now: `${rules.strict ? 'anchored by ^ and $ without a group' : 'not anchored'}, and compared with ${rules.matches === 'arn' ? 'the ARN' : 'the role as the Pod names it'}`,
      then: 'match the whole ARN, or path/name under the base ARN',
      todo: 'see the Namespaces above',
    },
    {
      about: 'Pods that share credentials',
      now: 'all Pods of a role',
      then: 'the Pods of one ServiceAccount (sessions.scope)',
      todo: 'count on one AssumeRole for each role and ServiceAccount',
    },
    otherPaths(lastValue(agent, 'allow-route-regexp') ?? lastValue(agent, 'whitelist-route-regexp') ?? '^$'),
    ...hop(lastValue(server, 'assume-role-arn')),
    ...interception(isOn(agent, 'iptables'), lastValue(agent, 'host-interface')),
  ];
}

/** What kiam did before v4.0; or that its version is not known, which decides how expressions are read. */
function kiamVersion(version: string): readonly Difference[] {
  const major = majorOf(version);
  if (major === undefined)
    return [
      {
        about: 'version of kiam',
        now: `not known from the image of its server (tag ${version === '' ? 'none' : JSON.stringify(version)})`,
        then: 'taken for v4 in this report',
        todo: 'if it is older, its expressions are not anchored and compared with names: give the image its version as tag, and make the report again',
      },
    ];
  if (major >= 4) return [];
  return [
    {
      about: 'annotations session-name and external-id of Pods',
      now: `kiam ${version} ignores them; v4 was the first to read them`,
      then: 'are read',
      todo: 'check Pods that have them (Namespaces are above, if any): trust policies now see both',
    },
  ];
}

function kube2iamDifferences(
  given: Arguments,
  rules: OldRules & { kind: 'kube2iam' },
): readonly Difference[] {
  const ttl = lastValue(given, 'iam-role-session-ttl');
  const ttlMs = ttl === undefined ? KUBE2IAM_TTL_MS : durationMs(ttl);
  const open = rules.restrictions === 'off';
  return [
    sessionDuration(ttlMs === undefined ? undefined : 2 * ttlMs),
    {
      about: 'permits',
      now: open
        ? 'every Namespace permits every role'
        : `lists of ${rules.restrictions === 'glob' ? 'globs' : 'expressions, not anchored'}`,
      then: 'a Namespace permits nothing without an annotation; globs match whole',
      todo: 'annotate the Namespaces above; `migrate plan` writes the annotations',
    },
    {
      about: 'session names',
      now: 'a hash of the IP of the Pod that asked first, and the name of the role',
      then: '<namespace>.<serviceAccount>',
      todo: 'adapt trust policies and CloudTrail queries that name sessions',
    },
    {
      about: 'external IDs',
      now: 'credentials are cached by role alone, so a Pod without the external ID can get those of one with it',
      then: 'the external ID is part of the session',
      todo: 'check Pods that share a role with one that has an external ID',
    },
    otherPaths(undefined),
    ...defaultRole(rules),
    ...keys(rules),
    {
      about: 'who may assume the roles of Pods',
      now: 'the role of every node',
      then: "the server's role alone",
      todo: "add the server's role to the trust policies before the move, and remove that of the nodes after it",
    },
    ...interception(isOn(given, 'iptables'), lastValue(given, 'host-interface')),
  ];
}

function sessionDuration(nowMs: number | undefined): Difference {
  const then =
    nowMs !== undefined && nowMs > HOUR_MS
      ? `${minutes(nowMs)} only if the server has permanent keys, else 1h`
      : '1h';
  return {
    about: 'lifetime of credentials',
    now: nowMs === undefined ? 'not known: the flag does not parse' : minutes(nowMs),
    then,
    todo: 'nothing, unless a policy of yours asks for shorter sessions (sessions.duration, sessions.allowShort)',
  };
}

/** `allowed` is kiam's expression; undefined: kube2iam's proxy, which serves all. */
function otherPaths(allowed: string | undefined): Difference {
  const none = allowed === '^$' || allowed === '';
  return {
    about: 'other metadata',
    now:
      allowed === undefined
        ? 'every path but credentials comes from the node'
        : none
          ? 'no other path'
          : `paths that match ${JSON.stringify(allowed.slice(0, 200))} anywhere`,
    then: 'region and zone, and what metadata.groups and metadata.allowPaths of the agent open',
    todo: none
      ? 'nothing'
      : 'open the groups that your software needs; those that its images suggest are listed below',
  };
}

function hop(roleArn: string | undefined): readonly Difference[] {
  if (roleArn === undefined || roleArn === '') return [];
  return [
    {
      about: 'role that the server assumes first',
      now: roleArn,
      then: 'the same, with assumeRoleArn of the server',
      todo: "let that role trust the new server's role",
    },
  ];
}

function defaultRole(rules: OldRules & { kind: 'kube2iam' }): readonly Difference[] {
  if (rules.nodeRoleByDefault)
    return [
      {
        about: 'Pods without an annotation',
        now: 'have the role of their node',
        then: 'have no role',
        todo: 'annotate those that use AWS',
      },
    ];
  if (rules.defaultRole === undefined) return [];
  return [
    {
      about: 'Pods without an annotation',
      now: `have ${rules.defaultRole}, whatever their Namespace permits`,
      then: 'have it if their Namespace permits it (roles.default of the server)',
      todo: 'permit it where it is needed',
    },
  ];
}

function keys({
  keys: { role, externalId, permits },
}: OldRules & { kind: 'kube2iam' }): readonly Difference[] {
  const row = (about: string, now: string, then: string): readonly Difference[] =>
    now === then
      ? []
      : [
          {
            about,
            now,
            then,
            todo: 'write the annotation with this key too, in Pod templates and Namespaces, before the move',
          },
        ];
  return [
    ...row('key of the role', role, 'iam.amazonaws.com/role'),
    ...row('key of the external ID', externalId, 'iam.amazonaws.com/external-id'),
    ...row('key of the permits', permits, 'iam.amazonaws.com/allowed-roles'),
  ];
}

/** Without the rule, no Pod reaches the old system, and all have the role of their node. */
function interception(installed: boolean, interfaces: string | undefined): readonly Difference[] {
  return [
    {
      about: 'interception',
      now: installed
        ? `one rule, for ${interfaces ?? 'docker0'}`
        : 'the old system installs no rule: without one of yours, Pods have the role of their node',
      then: 'every Pod whose packets pass the network stack of the node, always',
      todo: installed
        ? 'nothing'
        : 'check by which rule Pods reach it; Pods that had the role of their node lose it',
    },
  ];
}

function minutes(ms: number): string {
  const all = Math.round(ms / 60_000);
  return all % 60 === 0 ? `${all / 60}h` : `${all}m`;
}

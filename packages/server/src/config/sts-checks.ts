import type { FlagValues } from '@rolegate/runtime';
import { formatDuration } from '@rolegate/runtime';
import type { serverFlags } from './flags.ts';
import { completeRole, parseRole } from '../policy/role-arn.ts';

/** The longest session of a role assumed by another (IAM user guide, "Roles terms and concepts", role chaining). */
const LONGEST_CHAINED_MS = 3_600_000;

type Values = Partial<FlagValues<typeof serverFlags>>;

/** Checks the STS flags against each other. */
export function stsFaults(values: Values, given: ReadonlySet<string>): string[] {
  return [...sourceFaults(given), ...endpointFaults(values, given), ...assumedRoleFaults(values)];
}

/** ARN of the role of `--assume-role-arn`; undefined if it is not set or invalid. */
export function assumedRoleArn(values: Values): string | undefined {
  const whole = wholeAssumedRole(values);
  return whole !== undefined && 'value' in whole ? whole.value : undefined;
}

/** `arn:aws:iam::123456789012:role/` of any role ARN of that account. */
export function accountBaseArn(roleArn: string): string {
  return roleArn.slice(0, roleArn.indexOf('/') + 1);
}

function sourceFaults(given: ReadonlySet<string>): string[] {
  const detect = ['role-base-arn-autodetect', 'auto-discover-base-arn'].filter((name) => given.has(name));
  const conflicts = given.has('role-base-arn')
    ? detect.map((name) => `--${name}: conflicts with --role-base-arn; leave one of them out`)
    : [];
  const noRegion = !given.has('region') && !given.has('sts-endpoint');
  return noRegion
    ? [...conflicts, '--region: needed; the server calls the STS endpoint of this region (or set AWS_REGION)']
    : conflicts;
}

function endpointFaults(values: Values, given: ReadonlySet<string>): string[] {
  if (!given.has('sts-endpoint')) return [];
  const hint = 'leave this out, and give the matching endpoint there';
  return (['sts-fips', 'sts-dualstack'] as const)
    .filter((name) => values[name] === true)
    .map((name) => `--${name}: conflicts with --sts-endpoint; ${hint}`);
}

function assumedRoleFaults(values: Values): string[] {
  const whole = wholeAssumedRole(values);
  if (whole === undefined) return [];
  const ms = values['session-duration'] ?? 0;
  const tooLong = `${formatDuration(ms)} is too long; STS allows at most 1h for role chaining`;
  return [
    ...('fault' in whole ? [`--assume-role-arn: ${whole.fault}`] : []),
    ...(ms > LONGEST_CHAINED_MS ? [`--session-duration: with --assume-role-arn ${tooLong}`] : []),
  ];
}

function wholeAssumedRole(values: Values): ReturnType<typeof completeRole> | undefined {
  const given = values['assume-role-arn'];
  const role = given === undefined ? undefined : parseRole(given);
  if (role === undefined || 'fault' in role) return undefined;
  const base = values['role-base-arn'];
  if (role.value.kind === 'name' && base === undefined)
    return { fault: 'a name without an account; give the full ARN, or --role-base-arn' };
  return completeRole(role.value, base ?? '');
}

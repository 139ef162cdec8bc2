import type { FlagValues } from '@rolegate/runtime';
import { formatDuration } from '@rolegate/runtime';
import type { serverFlags } from './flags.ts';
import { completeRole, parseRole } from '../policy/role-arn.ts';

/** What STS gives to a role that is assumed by another (IAM user guide, "Roles terms and concepts", role chaining). */
const LONGEST_CHAINED_MS = 3_600_000;

type Values = Partial<FlagValues<typeof serverFlags>>;

/** The rules between what the server says of STS, and of itself to STS. */
export function stsFaults(values: Values, given: ReadonlySet<string>): string[] {
  return [...sourceFaults(given), ...endpointFaults(values, given), ...assumedRoleFaults(values)];
}

/** ARN of the role of `--assume-role-arn`; undefined where there is none, or where it cannot be told. */
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
  const torn = given.has('role-base-arn')
    ? detect.map((name) => `--${name}: --role-base-arn is given too; leave one of them out`)
    : [];
  const nowhere = !given.has('region') && !given.has('sts-endpoint');
  return nowhere
    ? [...torn, '--region: it is needed; STS is asked in its region (AWS_REGION counts too)']
    : torn;
}

function endpointFaults(values: Values, given: ReadonlySet<string>): string[] {
  if (!given.has('sts-endpoint')) return [];
  const hint = 'name an endpoint that is such a one there, and leave this out';
  return (['sts-fips', 'sts-dualstack'] as const)
    .filter((name) => values[name] === true)
    .map((name) => `--${name}: --sts-endpoint is given too; ${hint}`);
}

function assumedRoleFaults(values: Values): string[] {
  const whole = wholeAssumedRole(values);
  if (whole === undefined) return [];
  const ms = values['session-duration'] ?? 0;
  const tooLong = `${formatDuration(ms)} is too long; STS gives 1h at most to who has assumed a role before`;
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
    return { fault: 'a name alone says no account; give the full ARN, or --role-base-arn' };
  return completeRole(role.value, base ?? '');
}

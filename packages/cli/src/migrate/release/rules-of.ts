import { parseRoleBaseArn } from '@rolegate/server';
import { kube2iamKeys } from '../old-rules/old-system.ts';
import type { OldRules } from '../old-rules/old-system.ts';
import { isOn, lastValue } from './arguments.ts';
import type { Arguments } from './arguments.ts';
import { describeProgram } from './old-program.ts';
import type { OldProgram } from './old-program.ts';

export type FoundRules = { readonly rules: OldRules; readonly baseArn: string } | { readonly fault: string };

/** The rules of the old system by its flags. `baseArn` is the user's, for an old system that detects its own. */
export function rulesOf(programs: readonly OldProgram[], baseArn: string | undefined): FoundRules {
  const [first] = programs;
  if (first === undefined) return { fault: 'neither kiam nor kube2iam was found' };
  const deciding = programs.find(({ system, part }) => system === 'kube2iam' || part === 'server');
  if (deciding === undefined)
    return {
      fault: `kiam has an agent (${describeProgram(first)}) but no server was found, which has the rules`,
    };
  const { given, version } = deciding;
  const flag = deciding.system === 'kiam' ? 'role-base-arn' : 'base-role-arn';
  const own = lastValue(given, flag) ?? baseArn;
  if (own === undefined || own === '')
    return {
      fault: `${describeProgram(deciding)} detects its base ARN; say it with --role-base-arn, e.g. arn:aws:iam::123456789012:role/`,
    };
  const parsed = parseRoleBaseArn(own);
  if ('fault' in parsed) return { fault: `the base ARN ${parsed.fault}` };
  const rules =
    deciding.system === 'kiam' ? kiamRules(given, version, own) : kube2iamRules(given, parsed.value);
  return { rules, baseArn: parsed.value };
}

/**
 * Since v4.0, expressions are anchored unless a flag turns that off, and compared with the ARN. v3 compares them with the role as the
 * Pod names it, and anchors them only with a flag, which its last versions have. Read in the source of both.
 */
function kiamRules(given: Arguments, version: string, baseArn: string): OldRules {
  const isBefore4 = (majorOf(version) ?? 4) < 4;
  return {
    kind: 'kiam',
    baseArn,
    matches: isBefore4 ? 'name' : 'arn',
    strict: isBefore4
      ? isOn(given, 'strict-namespace-regexp')
      : !isOn(given, 'disable-strict-namespace-regexp'),
  };
}

/** The major version by the tag of an image; undefined if the tag is none, such as `latest` or a commit. */
export function majorOf(version: string): number | undefined {
  const [, major] = /^v?(\d{1,3})(?:[.-]|$)/.exec(version) ?? [];
  return major === undefined ? undefined : Number(major);
}

function kube2iamRules(given: Arguments, baseArn: string): OldRules {
  const format = lastValue(given, 'namespace-restriction-format')?.toLowerCase();
  const defaultRole = lastValue(given, 'default-role') ?? '';
  return {
    kind: 'kube2iam',
    baseArn,
    defaultRole: defaultRole === '' ? undefined : defaultRole,
    nodeRoleByDefault: isOn(given, 'auto-discover-default-role'),
    restrictions: !isOn(given, 'namespace-restrictions') ? 'off' : format === 'regexp' ? 'regexp' : 'glob',
    keys: {
      role: lastValue(given, 'iam-role-key') ?? kube2iamKeys.role,
      externalId: lastValue(given, 'iam-external-id') ?? kube2iamKeys.externalId,
      permits: lastValue(given, 'namespace-key') ?? kube2iamKeys.permits,
    },
  };
}

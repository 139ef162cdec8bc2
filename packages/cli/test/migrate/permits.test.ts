import { describe, expect, it } from 'vitest';
import { createNewPolicy, newVerdict } from '../../src/migrate/new-verdict.ts';
import type { OldRules } from '../../src/migrate/old-rules/old-system.ts';
import { keysOf, kube2iamKeys } from '../../src/migrate/old-rules/old-system.ts';
import { oldVerdict } from '../../src/migrate/old-rules/old-verdict.ts';
import {
  BASE,
  globCases,
  kiamCases,
  looseCases,
  namedCases,
  openCases,
  regexpCases,
  strictNamedCases,
} from './permits.ts';
import type { PermitCase } from './permits.ts';

const kiam = { kind: 'kiam', baseArn: BASE, matches: 'arn', strict: true } as const;
const kube2iam = {
  kind: 'kube2iam',
  baseArn: BASE,
  defaultRole: undefined,
  nodeRoleByDefault: false,
  keys: kube2iamKeys,
} as const;
const policy = createNewPolicy({ baseArn: BASE, defaultRole: undefined, ceilings: [] });

const systems: readonly {
  readonly name: string;
  readonly rules: OldRules;
  readonly cases: readonly PermitCase[];
}[] = [
  { name: 'kiam', rules: kiam, cases: kiamCases },
  { name: 'kiam without strict expressions', rules: { ...kiam, strict: false }, cases: looseCases },
  { name: 'kiam 3', rules: { ...kiam, matches: 'name', strict: false }, cases: namedCases },
  { name: 'kiam 3 with strict expressions', rules: { ...kiam, matches: 'name' }, cases: strictNamedCases },
  { name: 'kube2iam with globs', rules: { ...kube2iam, restrictions: 'glob' }, cases: globCases },
  { name: 'kube2iam with expressions', rules: { ...kube2iam, restrictions: 'regexp' }, cases: regexpCases },
  { name: 'kube2iam without restrictions', rules: { ...kube2iam, restrictions: 'off' }, cases: openCases },
];

describe.each(systems)('Permits of $name', ({ rules, cases }) => {
  const rows = cases.map(([permits, role, old, ours, because]) => ({
    permits,
    shown: permits?.slice(0, 60) ?? 'no annotation',
    role,
    old,
    ours,
    because,
  }));

  it.each(rows)('$shown $old $role, and Rolegate $ours it: $because', ({ permits, role, old, ours }) => {
    expect({ old: oldAnswer(rules, permits, role), ours: newAnswer(rules, permits, role) }).toEqual({
      old,
      ours,
    });
  });
});

function oldAnswer(rules: OldRules, permits: string | undefined, role: string | undefined): string {
  return oldVerdict(rules, { role, permits, hostNetwork: false }).kind === 'role' ? 'allows' : 'denies';
}

function newAnswer(rules: OldRules, permits: string | undefined, role: string | undefined): string {
  const decision = newVerdict(policy, {
    namespace: 'shop',
    name: 'cart-0',
    serviceAccount: 'cart',
    annotations: role === undefined ? {} : { 'iam.amazonaws.com/role': role },
    hostNetwork: false,
    staticPod: false,
    namespaceAnnotations: permits === undefined ? {} : { [keysOf(rules).permits]: permits },
    serviceAccountAnnotations: {},
  });
  return decision.kind === 'allow' ? 'allows' : 'denies';
}

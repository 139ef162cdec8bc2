import { describe, expect, it } from 'vitest';
import { createNewPolicy } from '../../src/migrate/new-verdict.ts';
import { kube2iamKeys } from '../../src/migrate/old-rules/old-system.ts';
import type { Kube2iamRules, OldRules } from '../../src/migrate/old-rules/old-system.ts';
import { oldVerdict } from '../../src/migrate/old-rules/old-verdict.ts';
import { permitsOf } from '../../src/migrate/plan/permits.ts';
import type { PermitStep } from '../../src/migrate/plan/permits.ts';
import { ALLOWED, PERMITTED } from './old-objects.ts';
import { BASE } from './permits.ts';

const policy = createNewPolicy({ baseArn: BASE, defaultRole: undefined, ceilings: [] });
const kiam: OldRules = { kind: 'kiam', baseArn: BASE, matches: 'arn', strict: true };
const kube2iam = (restrictions: Kube2iamRules['restrictions']): OldRules => ({
  kind: 'kube2iam',
  baseArn: BASE,
  defaultRole: undefined,
  nodeRoleByDefault: false,
  restrictions,
  keys: kube2iamKeys,
});

function permits(
  rules: OldRules,
  annotations: Readonly<Record<string, string>>,
  names: readonly string[],
  hasOther = false,
) {
  const roles = names.map((name) => `${BASE}${name}`);
  return permitsOf('shop', annotations, roles, { rules, hasOther, policy, baseArn: BASE });
}

function applied(annotations: Readonly<Record<string, string>>, steps: readonly PermitStep[]) {
  const after: Record<string, string> = { ...annotations };
  for (const { key, value } of steps) {
    if (value === undefined) Reflect.deleteProperty(after, key);
    else after[key] = value;
  }
  return after;
}

describe('The permits of a plan', () => {
  it.each([
    ['kiam with open alternatives', kiam, { [PERMITTED]: `${BASE}a|${BASE}b` }, { [ALLOWED]: '["a-admin"]' }],
    [
      'kiam with a list of its own',
      kiam,
      { [PERMITTED]: `${BASE}a|x`, [ALLOWED]: '["b"]' },
      { [ALLOWED]: '["b","a-admin"]' },
    ],
    ['kube2iam without restrictions', kube2iam('off'), {}, { [ALLOWED]: '["a-admin"]' }],
    [
      'kube2iam with globs',
      kube2iam('glob'),
      { [ALLOWED]: '["arn:*", 1, "a-admin"]' },
      { [ALLOWED]: '["arn:*","a-admin"]' },
    ],
    ['kube2iam with expressions', kube2iam('regexp'), { [ALLOWED]: '["a.*"]' }, { [PERMITTED]: 'a-admin' }],
  ])('are exactly what is missing: %s', (_, rules, annotations, written) => {
    const { steps, unresolved } = permits(rules, annotations, ['a-admin']);
    expect(unresolved).toEqual([]);
    expect(Object.fromEntries(steps.map(({ key, value }) => [key, value]))).toEqual(written);
    expect(steps.every(({ when }) => when === 'before')).toBe(true);
  });

  it('are none if nothing is missing, so that a second plan is empty', () => {
    const annotations = { [PERMITTED]: `${BASE}a|${BASE}b` };
    const { steps } = permits(kiam, annotations, ['a-admin', 'b']);
    expect(permits(kiam, applied(annotations, steps), ['a-admin', 'b']).steps).toEqual([]);
  });

  it('remove an expression that Rolegate does not take only once kiam does not read it any more', () => {
    const annotations = { [PERMITTED]: `(?i)[é]?.*` };
    const { steps, unresolved } = permits(kiam, annotations, ['app', 'team/x']);
    expect(unresolved).toEqual([]);
    expect(steps).toEqual([
      { namespace: 'shop', key: ALLOWED, value: '["app","team/x"]', when: 'before' },
      { namespace: 'shop', key: PERMITTED, value: undefined, when: 'finish' },
    ]);
  });

  it('do not remove beforehand what kiam reads if it runs beside kube2iam', () => {
    const remove = (hasOther: boolean) =>
      permits(kube2iam('off'), { [PERMITTED]: '(?i)[é]?.*' }, ['app'], hasOther).steps.at(-1);
    expect(remove(true)).toMatchObject({ key: PERMITTED, value: undefined, when: 'finish' });
    expect(remove(false)).toMatchObject({ key: PERMITTED, value: undefined, when: 'before' });
  });

  it('do not widen what kube2iam permits by its expressions', () => {
    const rules = kube2iam('regexp');
    const annotations = { [ALLOWED]: '["a.*"]' };
    const { steps } = permits(rules, annotations, ['app.one']);
    expect(steps).toMatchObject([{ key: PERMITTED, value: 'app\\.one' }]);
    const read = applied(annotations, steps)[ALLOWED];
    const old = oldVerdict(rules, { role: 'xapp.one2', permits: read, hostNetwork: false });
    expect(old.kind).toBe('refused');
  });

  it.each([
    ['kiam', kiam, 3_000, {}],
    ['kube2iam with expressions', kube2iam('regexp'), 300, {}],
  ])('are not written if Rolegate would take them for too long: %s', (_, rules, count, annotations) => {
    const names = Array.from({ length: count }, (_each, at) => `some-application-of-a-team-${at}`);
    expect(permits(rules, annotations, names)).toEqual({
      steps: [],
      unresolved: names.map((name) => `${BASE}${name}`),
    });
  });

  it('are written for as many roles as one annotation can hold', () => {
    const names = Array.from({ length: 2_000 }, (_, at) => `some-application-${at}`);
    const { steps, unresolved } = permits(kiam, {}, names);
    expect(unresolved).toEqual([]);
    expect(JSON.parse(steps[0]?.value ?? '')).toEqual(names);
  });

  it('replace an expression that kube2iam does not read and Rolegate does not take', () => {
    const { steps, unresolved } = permits(kube2iam('regexp'), { [PERMITTED]: '(' }, ['app']);
    expect(unresolved).toEqual([]);
    expect(steps).toEqual([{ namespace: 'shop', key: PERMITTED, value: 'app', when: 'before' }]);
  });

  it('name roles that no annotation can permit', () => {
    const roles = ['arn:aws:iam::210987654321:role/x'];
    expect(
      permitsOf('shop', {}, roles, { rules: kiam, hasOther: false, policy, baseArn: BASE }).unresolved,
    ).toEqual(roles);
  });
});

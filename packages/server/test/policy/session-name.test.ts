import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { legalName, sessionName } from '../../src/policy/pod-session.ts';
import type { SessionNaming } from '../../src/policy/pod-session.ts';

const LEGAL = /^[\w+=,.@-]{2,64}$/;
const values = {
  cluster: 'blue',
  namespace: 'team-a',
  serviceAccount: 'reader',
  pod: 'web-0',
  uid: '0b5e1d1c',
  node: 'node-1',
};

/** Names that version 0.1.0 gave to the same Pods: a changed name is another session, and another line in CloudTrail. */
interface GoldenName extends Partial<typeof values> {
  readonly scope: SessionNaming['scope'];
  readonly template?: string;
  readonly chosen?: string;
  readonly name: string;
}
const golden = readFileSync(new URL('fixtures/session-names-0.1.0.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as GoldenName);
const goldenValues = {
  uid: '0b5e1d1c-2f0e-4d0c-9d5a-0d6a7c1f3b11',
  node: 'ip-10-0-1-7.eu-central-1.compute.internal',
};

type Change = Partial<Omit<SessionNaming, 'values'>> & { readonly values?: Partial<typeof values> };

function nameOf({ values: some, ...rest }: Change = {}): string {
  return sessionName({
    scope: 'workload',
    template: undefined,
    chosen: undefined,
    values: { ...values, ...some },
    ...rest,
  });
}

describe('Session name', () => {
  it.each<Change & { name: string }>([
    { name: 'team-a.reader' },
    { scope: 'role', name: 'blue' },
    { scope: 'role', values: { cluster: '' }, name: 'rolegate' },
    { scope: 'role', values: { cluster: 'b' }, name: 'b-' },
    { scope: 'role', values: { cluster: 'blue cluster/1' }, name: 'blue-cluster-1' },
    { template: '{cluster}.{namespace}', name: 'blue.team-a' },
    { scope: 'pod', template: '{uid}@{node}', name: '0b5e1d1c@node-1' },
    { chosen: 'mine', name: 'team-a.mine' },
    { chosen: 'mine', scope: 'role', name: 'team-a.mine' },
    { chosen: 'mine', template: '{cluster}', name: 'team-a.mine' },
    { chosen: 'a b/\n\u{1f600}ü', name: 'team-a.a-b----' },
    { chosen: '{uid}', name: 'team-a.-uid-' },
  ])('The session name is $name', ({ name, ...change }) => {
    expect(nameOf(change)).toBe(name);
  });

  it('With the scope pod, each Pod has its own session name, even if it is recreated under the same name', () => {
    const first = nameOf({ scope: 'pod' });
    expect(first).toMatch(/^team-a\.web-0-[0-9a-f]{8}$/);
    expect(nameOf({ scope: 'pod', values: { uid: 'another' } })).not.toBe(first);
    expect(nameOf({ scope: 'pod' })).toBe(first);
  });

  it('A session name that is too long ends in a hash, and different names stay different', () => {
    const long = 'x'.repeat(70);
    const names = [long, `${long}y`, `${long}z`].map((chosen) => nameOf({ chosen }));
    for (const name of names) expect(name).toMatch(/^team-a\.x+-[0-9a-f]{8}$/);
    for (const name of names) expect(name).toHaveLength(64);
    expect(new Set(names).size).toBe(3);
    expect(nameOf({ chosen: 'x'.repeat(57) })).toBe(`team-a.${'x'.repeat(57)}`);
  });

  it('A session name is exactly that of version 0.1.0 unless its Namespace would be cut', () => {
    expect(golden.length).toBeGreaterThan(200);
    for (const { scope, template, chosen, name, ...some } of golden) {
      const now = nameOf({ scope, template, chosen, values: { ...some, ...goldenValues } });
      expect({ ...some, name: now }).toEqual({ ...some, name });
    }
  });

  it.each(['workload', 'role', 'pod'] as const)(
    'With the scope %s, a session name ends in 16 hash digits if its Namespace would be cut, and in 8 if not',
    (scope) => {
      const endOf = (length: number) =>
        nameOf({
          scope,
          chosen: scope === 'role' ? 'x'.repeat(60) : undefined,
          values: { namespace: 'n'.repeat(length), serviceAccount: 'x'.repeat(60) },
        });
      expect(endOf(54)).toMatch(/^n{54}\.-[0-9a-f]{8}$/);
      for (const length of [55, 56, 63]) expect(endOf(length)).toMatch(/^n{47}-[0-9a-f]{16}$/);
    },
  );

  it('The session names of two Namespaces are never the same, however similar the Namespaces are', () => {
    const tail = fc.stringMatching(/^[a-z0-9]{0,9}$/);
    const chosen = fc.option(fc.string({ minLength: 1, maxLength: 80 }), { nil: undefined });
    const scope = fc.constantFrom('pod' as const, 'workload' as const);
    fc.assert(
      fc.property(tail, tail, chosen, scope, (one, other, text, any) => {
        const named = (end: string) =>
          nameOf({ chosen: text, scope: any, values: { namespace: `${'n'.repeat(54)}${end}` } });
        expect(named(one) === named(other)).toBe(one === other);
      }),
    );
  });

  it('A session name is legal and begins with the Namespace, whatever the Pod chooses', () => {
    const namespace = fc.stringMatching(/^[a-z]([a-z0-9-]{0,52}[a-z0-9])?$/);
    const chosen = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.string({ minLength: 60, maxLength: 300 }),
    );
    const scope = fc.constantFrom('pod' as const, 'workload' as const, 'role' as const);
    fc.assert(
      fc.property(namespace, chosen, scope, (own, text, any) => {
        const name = nameOf({ chosen: text, scope: any, values: { namespace: own } });
        expect(name).toMatch(LEGAL);
        expect(name.startsWith(`${own}.`)).toBe(true);
      }),
    );
  });

  it('A session name is legal for every name that Kubernetes allows', () => {
    const dns = fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/);
    const scope = fc.constantFrom('pod' as const, 'workload' as const, 'role' as const);
    fc.assert(
      fc.property(dns, dns, dns, scope, (namespace, serviceAccount, pod, any) => {
        const some = { namespace: namespace.slice(0, 63), serviceAccount, pod };
        expect(nameOf({ scope: any, values: some })).toMatch(LEGAL);
      }),
    );
  });
});

describe('Legal name', () => {
  it('Any text is made a legal name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        expect(legalName(text)).toMatch(LEGAL);
      }),
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { legalName, sessionName } from '../../src/policy/session-name.ts';
import type { SessionNaming } from '../../src/policy/session-name.ts';

const LEGAL = /^[\w+=,.@-]{2,64}$/;
const values = {
  cluster: 'blue',
  namespace: 'team-a',
  serviceAccount: 'reader',
  pod: 'web-0',
  uid: '0b5e1d1c',
  node: 'node-1',
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

describe('the name of a session', () => {
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
  ])('is $name', ({ name, ...change }) => {
    expect(nameOf(change)).toBe(name);
  });

  it('of a Pod is its own, also when the Pod comes again under its name', () => {
    const first = nameOf({ scope: 'pod' });
    expect(first).toMatch(/^team-a\.web-0-[0-9a-f]{8}$/);
    expect(nameOf({ scope: 'pod', values: { uid: 'another' } })).not.toBe(first);
    expect(nameOf({ scope: 'pod' })).toBe(first);
  });

  it('that is too long ends in a hash, and two stay two', () => {
    const long = 'x'.repeat(70);
    const names = [long, `${long}y`, `${long}z`].map((chosen) => nameOf({ chosen }));
    for (const name of names) expect(name).toMatch(/^team-a\.x+-[0-9a-f]{8}$/);
    for (const name of names) expect(name).toHaveLength(64);
    expect(new Set(names).size).toBe(3);
    expect(nameOf({ chosen: 'x'.repeat(57) })).toBe(`team-a.${'x'.repeat(57)}`);
  });

  it('is legal and begins with the Namespace, whatever the Pod chooses', () => {
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

  it('is legal for every name that Kubernetes allows', () => {
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

describe('legalName', () => {
  it('makes any text legal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        expect(legalName(text)).toMatch(LEGAL);
      }),
    );
  });
});

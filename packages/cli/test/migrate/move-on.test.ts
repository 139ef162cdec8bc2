import { describe, expect, it } from 'vitest';
import { moveOnPage } from '../../src/migrate/to/move-on-page.ts';
import { moveOn, targets } from '../../src/migrate/to/move-on.ts';
import { readWorkloads } from '../../src/migrate/to/read-workloads.ts';
import { createWorkloads } from '../../src/migrate/to/workloads.ts';
import type { Workload } from '../../src/migrate/to/workloads.ts';
import { ALLOWED, namespace, PERMITTED, pod, ROLE } from './old-objects.ts';
import { BASE } from './permits.ts';

const OTHER = 'arn:aws:iam::210987654321:role/x';

function workload(over: Partial<Workload>): Workload {
  return {
    namespace: 'shop',
    serviceAccount: 'cart',
    roles: [`${BASE}app`],
    pods: 1,
    names: ['cart-0'],
    images: ['registry.example.org/cart:1'],
    hostNetwork: 0,
    withExternalId: 0,
    withoutRole: 0,
    ...over,
  };
}

const workloads = [
  workload({}),
  workload({ serviceAccount: 'default', withoutRole: 2 }),
  workload({ serviceAccount: 'two', roles: [`${BASE}a`, `${BASE}b`] }),
  workload({ serviceAccount: 'partner', withExternalId: 1 }),
  workload({ namespace: 'far', roles: [OTHER] }),
];

function moved(target: (typeof targets)[number], issuer?: string) {
  const { files, notes } = moveOn(target, { workloads, issuer, baseArn: BASE });
  return {
    text: (name: string) => files.find((file) => file.name === name)?.text ?? '',
    notes: notes.map(({ about, what }) => `${about}: ${what}`),
  };
}

describe('A move to IRSA', () => {
  const { text, notes } = moved('irsa', 'https://oidc.example.org/id/X');

  it('annotates ServiceAccounts whose Pods have one role', () => {
    expect(text('irsa.sh').match(/^kubectl.*$/gm)).toEqual([
      `kubectl -n shop annotate serviceaccount cart --overwrite eks.amazonaws.com/role-arn=${BASE}app`,
      `kubectl -n shop annotate serviceaccount default --overwrite eks.amazonaws.com/role-arn=${BASE}app`,
      `kubectl -n far annotate serviceaccount cart --overwrite eks.amazonaws.com/role-arn=${OTHER}`,
    ]);
  });

  it('has one statement a role, for exactly the ServiceAccounts that have it', () => {
    expect(JSON.parse(text('irsa-trust.json'))).toEqual([
      {
        role: `${BASE}app`,
        statement: {
          Effect: 'Allow',
          Principal: { Federated: 'arn:aws:iam::123456789012:oidc-provider/oidc.example.org/id/X' },
          Action: 'sts:AssumeRoleWithWebIdentity',
          Condition: {
            StringEquals: {
              'oidc.example.org/id/X:aud': 'sts.amazonaws.com',
              'oidc.example.org/id/X:sub': [
                'system:serviceaccount:shop:cart',
                'system:serviceaccount:shop:default',
              ],
            },
          },
        },
      },
      expect.objectContaining({ role: OTHER }),
    ]);
  });

  it('names what stays and what needs a person', () => {
    expect(notes).toEqual(
      expect.arrayContaining([
        'shop/two: stays: its Pods (cart-0) have 2 roles; give each role a ServiceAccount of its own',
        'shop/partner: stays: 1 Pods have an external ID, for which irsa has no place',
        'shop/default: 2 other Pods of the ServiceAccount have no role now and get it too',
        'shop/default: every Pod of the Namespace without a ServiceAccount of its own gets the role',
        'far/cart: its role is in another account, which needs an identity provider for this cluster',
        'shop/cart: check the SDK of registry.example.org/cart:1',
      ]),
    );
  });

  it('says so if the issuer is not known', () => {
    expect(moved('irsa').notes[0]).toBe(
      'issuer: it could not be read from the API server; replace ISSUER in irsa-trust.json',
    );
  });
});

it('A move to EKS Pod Identity creates associations that do not exist yet', () => {
  const { text } = moved('pod-identity');
  expect(text('pod-identity.sh').match(/^associate [^(].*$/gm)).toEqual([
    `associate shop cart ${BASE}app`,
    `associate shop default ${BASE}app`,
    `associate far cart ${OTHER}`,
  ]);
  expect(JSON.parse(text('pod-identity-trust.json'))).toMatchObject([
    {
      statement: {
        Principal: { Service: 'pods.eks.amazonaws.com' },
        Action: ['sts:AssumeRole', 'sts:TagSession'],
      },
    },
    { role: OTHER },
  ]);
});

it('A move to container credentials labels Namespaces, whatever the roles of their Pods are', () => {
  const { text } = moved('container-credentials');
  expect(text('container-credentials.sh').match(/^kubectl.*$/gm)).toEqual([
    'kubectl label namespace shop --overwrite rolegate.dev/credentials=token',
    'kubectl label namespace far --overwrite rolegate.dev/credentials=token',
  ]);
});

it.each(targets)('The page for %s has its steps, the way back and what to check', (target) => {
  const page = moveOnPage(target, [{ about: 'a`b', what: '<script>' }]);
  expect(page).toMatch(/\n1\. [^]*\nBack, for one workload: /);
  expect(page).toContain("- `a'b`: \\<script\\>\n");
});

it('The Pods of a ServiceAccount are counted together, with their roles and images', () => {
  const found = createWorkloads();
  for (const role of ['b', 'a', 'b', undefined])
    found.add(
      {
        namespace: 'shop',
        name: `pod-${role ?? 'none'}`,
        uid: '',
        serviceAccount: 'cart',
        node: '',
        ip: '',
        annotations: {},
        hostNetwork: role === 'a',
        staticPod: false,
        images: ['x'],
      },
      role,
    );
  expect(found.all()).toMatchObject([
    { serviceAccount: 'cart', roles: ['a', 'b'], pods: 3, withoutRole: 1, hostNetwork: 1, images: ['x'] },
  ]);
});

describe('The roles that Pods have', () => {
  const objects: Readonly<Record<string, readonly object[]>> = {
    namespaces: [namespace('shop', { [PERMITTED]: `${BASE}a|x`, [ALLOWED]: '["app"]' })],
    pods: [
      pod({ namespace: 'shop', name: 'by-list', annotations: { [ROLE]: 'app' }, serviceAccount: 'one' }),
      pod({ namespace: 'shop', name: 'by-kiam', annotations: { [ROLE]: 'a-admin' }, serviceAccount: 'two' }),
      pod({
        namespace: 'shop',
        name: 'host',
        annotations: { [ROLE]: 'app' },
        serviceAccount: 'three',
        hostNetwork: true,
      }),
      pod({ namespace: 'shop', name: 'none' }),
    ],
  };
  const list = (kind: string, each: (item: unknown) => void) => {
    (objects[kind] ?? []).forEach(each);
    return Promise.resolve();
  };

  it('are those of Rolegate if there is no old system', async () => {
    const found = await readWorkloads({ list, baseArn: BASE, rules: undefined });
    expect(found.map(({ serviceAccount, roles }) => [serviceAccount, roles])).toEqual([
      ['one', [`${BASE}app`]],
      ['three', [`${BASE}app`]],
    ]);
  });

  it('are those of the old system as well if there is one', async () => {
    const rules = { kind: 'kiam', baseArn: BASE, matches: 'arn', strict: true } as const;
    const found = await readWorkloads({ list, baseArn: BASE, rules });
    expect(found.map(({ serviceAccount }) => serviceAccount)).toEqual(['one', 'three', 'two']);
  });
});

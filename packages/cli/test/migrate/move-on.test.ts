import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { moveOnPage } from '../../src/migrate/to/move-on-page.ts';
import { moveOn, targets } from '../../src/migrate/to/move-on.ts';
import { readWorkloads } from '../../src/migrate/to/read-workloads.ts';
import { createWorkloads } from '../../src/migrate/to/workloads.ts';
import type { Workload } from '../../src/migrate/to/workloads.ts';
import { ALLOWED, PERMITTED, pod, ROLE } from './old-objects.ts';
import { BASE } from './permits.ts';
import { runScript } from './run-script.ts';

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
    versions: [],
    clients: [],
    unseen: 0,
    webIdentityRole: undefined,
    hasToken: false,
    ...over,
  };
}

const workloads = [
  workload({}),
  workload({ serviceAccount: 'default', withoutRole: 2 }),
  workload({ serviceAccount: 'two', roles: [`${BASE}a`, `${BASE}b`] }),
  workload({ serviceAccount: 'partner', withExternalId: 1 }),
  workload({ serviceAccount: 'modern', webIdentityRole: `${BASE}newer` }),
  workload({ namespace: 'far', serviceAccount: 'moved', roles: [OTHER], webIdentityRole: OTHER }),
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

  it('has nothing left to do if all ServiceAccounts have their annotation', () => {
    const done = [workload({ webIdentityRole: `${BASE}app` })];
    const { files } = moveOn('irsa', { workloads: done, issuer: undefined, baseArn: BASE });
    expect(files[0]?.text).toMatch(/\n\necho "no ServiceAccount needs another annotation"\n$/);
    expect(files[1]?.text).toContain('shop:cart');
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
        `shop/modern: stays: it has the role ${BASE}newer by IRSA already, which SDKs prefer; decide which is meant`,
        'shop/default: 2 other Pods of the ServiceAccount have no role now and get it too',
        'shop/default: every Pod of the Namespace without a ServiceAccount of its own gets the role',
        'far/cart: its role is in another account, which needs an identity provider for this cluster',
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
  const { text, notes } = moved('pod-identity');
  expect(text('pod-identity.sh').match(/^associate [^(].*$/gm)).toEqual([
    `associate shop cart ${BASE}app`,
    `associate shop default ${BASE}app`,
  ]);
  expect(notes).toContain(
    'far/cart: stays: its role is in another account; make an association with a role of this account and --target-role-arn',
  );
  expect(JSON.parse(text('pod-identity-trust.json'))).toMatchObject([
    {
      statement: {
        Principal: { Service: 'pods.eks.amazonaws.com' },
        Action: ['sts:AssumeRole', 'sts:TagSession'],
      },
    },
  ]);
});

it('A move to container credentials labels Namespaces, whatever the roles of their Pods are', () => {
  const { text } = moved('container-credentials');
  expect(text('container-credentials.sh').match(/^kubectl.*$/gm)).toEqual([
    'kubectl label namespace shop --overwrite rolegate.dev/credentials=token',
    'kubectl label namespace far --overwrite rolegate.dev/credentials=token',
  ]);
});

it('A move to container credentials has nothing left to label if all Namespaces have the label', () => {
  const done = [workload({ hasToken: true })];
  const { files } = moveOn('container-credentials', { workloads: done, issuer: undefined, baseArn: BASE });
  expect(files[0]?.text).toMatch(/\necho "no Namespace needs another label"\n$/);
});

it.each(targets)('The page for %s has its steps, the way back and what to check', (target) => {
  const page = moveOnPage(target, [{ about: 'a`b', what: '<script>' }]);
  expect(page).toMatch(/\n1\. [^]*\nBack, for one workload: /);
  expect(page).toContain("- `a'b`: &lt;script\\>\n");
  expect(page).toContain('Minimum versions: boto3 ');
});

it('The Pods of a ServiceAccount are counted together, with their roles and images', () => {
  const found = createWorkloads({ clientsOf: () => [] });
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
        version: '1.4',
      },
      role,
    );
  expect(found.all()).toMatchObject([
    {
      serviceAccount: 'cart',
      roles: ['a', 'b'],
      pods: 3,
      withoutRole: 1,
      hostNetwork: 1,
      images: ['x'],
      versions: ['1.4'],
      unseen: 3,
    },
  ]);
});

describe('The scripts of a move', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'move-on-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function scriptOf(target: (typeof targets)[number], over?: Partial<Workload>): Promise<string> {
    const all = over === undefined ? workloads : [...workloads, workload(over)];
    const { files } = moveOn(target, { workloads: all, issuer: undefined, baseArn: BASE });
    const path = join(folder, `${target}.sh`);
    await writeFile(path, files.find(({ name }) => name === `${target}.sh`)?.text ?? 'exit 99');
    return path;
  }

  /** Associations are files of the folder, with the role in them. */
  const AWS = (dir: string) => `name="${dir}/association-$6-$8"
case $2 in
  list-*) if [ -e "$name" ]; then echo "$name"; else echo None; fi ;;
  create-*) echo "\${10}" > "$name" ;;
  describe-*) cat "$6" ;;
esac`;
  const EKS = 'aws[eks][create-pod-identity-association][--cluster-name][prod]';

  it.each(targets)('for %s are valid for a POSIX shell and for bash', async (target) => {
    const path = await scriptOf(target);
    for (const shell of ['sh', 'bash'])
      await new Promise<void>((resolve, reject) => {
        execFile(shell, ['-n', path], (error, _, stderr) => {
          if (error === null && stderr === '') resolve();
          else reject(new Error(stderr));
        });
      });
  });

  it.each(['sh', 'bash'] as const)(
    'create associations once, also if they run twice, in %s',
    async (shell) => {
      const path = await scriptOf('pod-identity');
      const options = { folder, shell, env: { CLUSTER: 'prod' }, programs: { aws: AWS(folder) } };
      const first = await runScript(path, options);
      expect(first).toMatchObject({ code: 0, stdout: '', stderr: '' });
      expect(first.calls.filter((call) => call.startsWith(EKS))).toEqual([
        `${EKS}[--namespace][shop][--service-account][cart][--role-arn][${BASE}app]`,
        `${EKS}[--namespace][shop][--service-account][default][--role-arn][${BASE}app]`,
      ]);
      const again = await runScript(path, options);
      expect(again).toMatchObject({ code: 0, stdout: '', stderr: '' });
      expect(again.calls.filter((call) => call.startsWith(EKS))).toEqual([]);
    },
  );

  it('leave an association with another role alone, say so, go on and fail', async () => {
    const path = await scriptOf('pod-identity');
    await writeFile(join(folder, 'association-shop-cart'), `${BASE}other\n`);
    const run = await runScript(path, { folder, env: { CLUSTER: 'prod' }, programs: { aws: AWS(folder) } });
    expect(run).toMatchObject({
      code: 1,
      stderr: `shop/cart has an association with ${BASE}other instead of ${BASE}app\n`,
    });
    expect(run.calls.filter((call) => call.startsWith(EKS))).toEqual([
      `${EKS}[--namespace][shop][--service-account][default][--role-arn][${BASE}app]`,
    ]);
  });

  it('stop at the first call of AWS that fails', async () => {
    const run = await runScript(await scriptOf('pod-identity'), {
      folder,
      env: { CLUSTER: 'prod' },
      programs: { aws: 'exit 254' },
    });
    expect(run).toMatchObject({
      code: 254,
      calls: [expect.stringContaining('list-pod-identity-associations')],
    });
  });

  it('annotate ServiceAccounts in the same way if they run twice', async () => {
    const path = await scriptOf('irsa');
    const options = { folder, programs: { kubectl: '' } };
    const first = await runScript(path, options);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.calls).toContain(
      `kubectl[-n][far][annotate][serviceaccount][cart][--overwrite][eks.amazonaws.com/role-arn=${OTHER}]`,
    );
    expect((await runScript(path, options)).calls).toEqual(first.calls);
  });

  it('enable the endpoint in both charts before they label Namespaces', async () => {
    const path = await scriptOf('container-credentials');
    const programs = { kubectl: '', helm: '' };
    const run = await runScript(path, { folder, env: { R: 'registry.example.org' }, programs });
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.calls.map((call) => call.split('[')[0])).toEqual(['helm', 'helm', 'kubectl', 'kubectl']);
    const failed = await runScript(path, {
      folder,
      env: { R: 'registry.example.org' },
      programs: { ...programs, helm: 'exit 3' },
    });
    expect(failed).toMatchObject({ code: 3, calls: [expect.stringContaining('rolegate-agent')] });
  });

  it.each([
    ['pod-identity', 'CLUSTER'],
    ['container-credentials', 'R'],
  ] as const)('for %s do nothing without %s', async (target, variable) => {
    const run = await runScript(await scriptOf(target), {
      folder,
      programs: { aws: '', helm: '', kubectl: '' },
    });
    expect(run).toMatchObject({ calls: [], stderr: expect.stringContaining(`${variable}: set it to`) });
    expect(run.code).not.toBe(0);
  });

  it.each(targets)('for %s cannot be made to run what a name holds', async (target) => {
    const nasty = `x'; touch ${folder}/owned; '$(touch ${folder}/owned)`;
    const path = await scriptOf(target, {
      namespace: nasty,
      serviceAccount: nasty,
      roles: [`${BASE}${nasty}`],
    });
    const programs = { aws: AWS(join(folder, 'none')), helm: '', kubectl: '' };
    await runScript(path, { folder, env: { R: 'r', CLUSTER: 'c' }, programs });
    await expect(readdir(folder)).resolves.not.toContain('owned');
  });
});

describe('The roles that Pods have', () => {
  const objects: Readonly<Record<string, readonly object[]>> = {
    namespaces: [
      {
        metadata: {
          name: 'shop',
          annotations: { [PERMITTED]: `${BASE}a|x`, [ALLOWED]: '["app"]' },
          labels: { 'rolegate.dev/credentials': 'token' },
        },
      },
    ],
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
    serviceaccounts: [
      {
        metadata: {
          namespace: 'shop',
          name: 'one',
          annotations: { 'eks.amazonaws.com/role-arn': `${BASE}newer` },
        },
      },
    ],
  };
  const list = (kind: string, each: (item: unknown) => void) => {
    (objects[kind] ?? []).forEach(each);
    return Promise.resolve();
  };

  const clientsOf = () => [];

  it('are those of Rolegate if there is no old system', async () => {
    const found = await readWorkloads({ list, baseArn: BASE, rules: undefined, clientsOf });
    expect(found).toMatchObject([
      { serviceAccount: 'one', roles: [`${BASE}app`], webIdentityRole: `${BASE}newer`, hasToken: true },
      { serviceAccount: 'three', roles: [`${BASE}app`], webIdentityRole: undefined, hasToken: true },
    ]);
  });

  it('are those of the old system as well if there is one', async () => {
    const rules = { kind: 'kiam', baseArn: BASE, matches: 'arn', strict: true } as const;
    const found = await readWorkloads({ list, baseArn: BASE, rules, clientsOf });
    expect(found.map(({ serviceAccount }) => serviceAccount)).toEqual(['one', 'three', 'two']);
  });
});

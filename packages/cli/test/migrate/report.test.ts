import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { showReport } from '../../src/migrate/report-command.ts';
import type { Report } from '../../src/migrate/report/report.ts';
import { commonValues } from '../roles/setup.ts';
import { runOn } from './old-cluster.ts';
import type { Lists, OldCluster } from './old-cluster.ts';
import {
  ALLOWED,
  cronJob,
  kiamDaemonSets,
  kube2iamDaemonSet,
  namespace,
  PERMITTED,
  pod,
  ROLE,
  scaled,
} from './old-objects.ts';
import { BASE } from './permits.ts';

const kiam: Lists = {
  '/apis/apps/v1/daemonsets': kiamDaemonSets,
  '/api/v1/namespaces': [
    namespace('good', { [PERMITTED]: '.*' }),
    namespace('open', { [PERMITTED]: `${BASE}a|${BASE}b` }),
    namespace('bare'),
    namespace('named', { [PERMITTED]: 'app' }),
    namespace('broken', { [PERMITTED]: '(' }),
    namespace('far', { [PERMITTED]: '.*' }),
    namespace('idle'),
  ],
  '/api/v1/serviceaccounts': [
    { metadata: { namespace: 'good', name: 'eager', annotations: { [ROLE]: 'app' } } },
    { metadata: { namespace: 'good', name: 'default' } },
  ],
  '/api/v1/pods': [
    pod({ namespace: 'good', name: 'fine', annotations: { [ROLE]: 'app' } }),
    pod({ namespace: 'good', name: 'eager-0', serviceAccount: 'eager' }),
    pod({ namespace: 'good', name: 'host', annotations: { [ROLE]: 'app' }, hostNetwork: true }),
    pod({ namespace: 'good', name: 'plain', ip: '10.1.2.3' }),
    pod({ namespace: 'good', name: 'agent', image: 'docker.io/datadog/agent:7' }),
    ...Array.from({ length: 7 }, (_, at) =>
      pod({ namespace: 'open', name: `admin-${at}`, annotations: { [ROLE]: 'a-admin' } }),
    ),
    pod({ namespace: 'bare', name: 'asks', annotations: { [ROLE]: 'app' } }),
    pod({ namespace: 'named', name: 'now', annotations: { [ROLE]: 'app' } }),
    pod({ namespace: 'broken', name: 'waits', annotations: { [ROLE]: 'app' } }),
    pod({ namespace: 'far', name: 'there', annotations: { [ROLE]: 'arn:aws:iam::210987654321:role/x' } }),
  ],
  '/apis/batch/v1/cronjobs': [cronJob('open', 'nightly', { [ROLE]: 'a-nightly' })],
};

function report(lists: Lists, values: object = {}, prepare: (cluster: OldCluster) => void = () => undefined) {
  const defaults = {
    ...commonValues,
    from: undefined,
    'role-base-arn': undefined,
    cloudtrail: undefined,
    logs: undefined,
    markdown: false,
    output: 'json',
  } as const;
  return runOn(lists, prepare, ({ connection, ...given }) =>
    showReport(connection, { ...given, values: { ...defaults, ...values }, words: [], env: {} }),
  );
}

async function jsonReport(lists: Lists, values: object = {}): Promise<Report> {
  return JSON.parse((await report(lists, values)).text) as Report;
}

/** `Namespace: kind before → after or reason: names`. */
function changes({ byNamespace }: Report): readonly string[] {
  return byNamespace.flatMap(({ name, groups }) =>
    groups.map(
      ({ kind, before, after, reason, names }) =>
        `${name}: ${kind} ${before.replace(BASE, '')} > ${(after || reason).replace(BASE, '')}: ${names.join(' ')}`,
    ),
  );
}

describe('A report of a cluster with kiam', () => {
  it('names each Pod that fares differently, with its role now and then', async () => {
    expect(changes(await jsonReport(kiam))).toEqual([
      'bare: refused-by-both app > NamespaceDenied: asks',
      'broken: refused-by-both app > BadNamespaceRule: waits',
      'far: role-lost arn:aws:iam::210987654321:role/x > OutsideCeiling: there',
      'good: role-gained  > app: eager-0',
      'good: host-network app > HostNetwork: host',
      'good: no-role  > NoRole: plain agent',
      'named: role-gained app > app: now',
      'open: role-lost a-admin > NamespaceDenied: admin-0 admin-1 admin-2 admin-3 admin-4',
      'open: role-lost a-nightly > NamespaceDenied: cronjob/nightly',
    ]);
  });

  it('includes the Pods that Deployments and StatefulSets scaled to zero will make', async () => {
    const asks = { [ROLE]: 'a-admin' };
    const lists = {
      ...kiam,
      '/api/v1/pods': [],
      '/apis/batch/v1/cronjobs': [],
      '/apis/apps/v1/deployments': [
        scaled('open', 'asleep', 0, asks),
        scaled('open', 'awake', 2, asks),
        scaled('open', 'one', undefined, asks),
      ],
      '/apis/apps/v1/statefulsets': [scaled('open', 'off', 0, asks)],
    };
    const found = await jsonReport(lists);
    expect(changes(found)).toEqual([
      'open: role-lost a-admin > NamespaceDenied: deployment/asleep statefulset/off',
    ]);
    expect(found.pods).toBe(2);
  });

  it('counts all Pods of a group and names the first ones', async () => {
    const { byNamespace, changed, pods, namespaces } = await jsonReport(kiam);
    expect(byNamespace.find(({ name }) => name === 'open')?.groups[0]).toMatchObject({ pods: 7 });
    expect({ changed, pods, namespaces }).toMatchObject({
      changed: { 'role-lost': 9 },
      pods: 17,
      namespaces: 7,
    });
  });

  it('says which accounts the ceiling must list', async () => {
    expect((await jsonReport(kiam)).otherAccounts).toEqual(['arn:aws:iam::210987654321:role/*']);
  });

  it('names Namespaces with open alternatives and with invalid annotations', async () => {
    const { byNamespace } = await jsonReport(kiam);
    expect(byNamespace.filter(({ openAlternatives }) => openAlternatives).map(({ name }) => name)).toEqual([
      'open',
    ]);
    expect(byNamespace.filter(({ fault }) => fault !== undefined)).toMatchObject([
      { name: 'broken', fault: { why: expect.stringContaining('does not parse') } },
    ]);
  });

  it('has what becomes of each flag, with what needs work first', async () => {
    const { flags } = await jsonReport(kiam);
    expect(flags[0]).toMatchObject({ flag: 'allow-route-regexp', verdict: 'none' });
    expect(flags.find(({ flag }) => flag === 'host')).toMatchObject({
      verdict: 'same',
      now: 'rolegate-agent --host-ip',
    });
    expect(flags.find(({ flag }) => flag === 'sync')).toMatchObject({ verdict: 'needless' });
  });

  it('names software that may read more than credentials', async () => {
    expect((await jsonReport(kiam)).software).toMatchObject([
      { software: 'Datadog Agent', pods: 1, namespaces: ['good'] },
    ]);
  });

  it('names Namespaces whose Pods choose external IDs and session names, without them', async () => {
    const annotations = {
      [ROLE]: 'app',
      'iam.amazonaws.com/external-id': 'SECRET-ID',
      'iam.amazonaws.com/session-name': 'x',
    };
    const lists = { ...kiam, '/api/v1/pods': [pod({ namespace: 'good', name: 'p', annotations })] };
    const { text } = await report(lists, { output: 'text' });
    expect(text).toMatch(/choose an external ID or a session name\nNAMESPACE .*\ngood +1 +1\n/);
    expect(text).not.toContain('SECRET-ID');
  });

  it('exits with 1 if a Pod loses its role, and with 0 if none does', async () => {
    expect((await report(kiam)).code).toBe(1);
    expect((await report({ ...kiam, '/api/v1/pods': [], '/apis/batch/v1/cronjobs': [] })).code).toBe(0);
  });

  it('shows what is wrong with an annotation, and what can replace it, in full', async () => {
    const { text } = await report(kiam, { output: 'text' });
    expect(text).toMatch(/\nbroken\n {2}fault: +iam.amazonaws.com\/permitted .*\n {2}instead: +remove /);
  });

  it('has tables that fit a terminal, and says what to do', async () => {
    const { text } = await report(kiam, { output: 'text' });
    const rows = text.split('\n').filter((line) => /^\S.* {2}/.test(line));
    expect(rows.filter((row) => row.length > 80)).toEqual([]);
    expect(rows.length).toBeGreaterThan(10);
    expect(text).toMatch(
      /Pods that have a role now and are refused by Rolegate: 9\nRoles of other accounts.*\nNAMESPACE .*/,
    );
  });

  it('is a page in Markdown in which no text of the cluster is markup', async () => {
    const nasty = { [ROLE]: '<img src=x>|[a](javascript:1)\u001b[31m' };
    const lists = { ...kiam, '/api/v1/pods': [pod({ namespace: 'good', name: 'x', annotations: nasty })] };
    const { text } = await report(lists, { markdown: true });
    expect(text).toMatch(
      /^# Moving to Rolegate\n\n- From kiam to Rolegate: DaemonSet kube-system\/kiam-agent v4.0/,
    );
    expect(text).not.toMatch(/<img|[^\\]\]\(javascript|\p{Cc}(?<!\n)/u);
  });
});

describe('Broken annotations of the old system', () => {
  /** What becomes of one Pod in one Namespace, with these permits and this role. */
  async function fate(
    role: string,
    permits: Readonly<Record<string, string>>,
    daemonSets: readonly object[],
  ) {
    const lists = {
      '/apis/apps/v1/daemonsets': daemonSets,
      '/api/v1/namespaces': [namespace('n', permits)],
      '/api/v1/pods': [pod({ namespace: 'n', name: 'p', annotations: { [ROLE]: role } })],
    };
    return changes(await jsonReport(lists));
  }

  it.each([
    ['a role with spaces', ' app ', '.*', 'n: role-gained app > app: p'],
    [
      'an ARN of no role',
      'arn:aws:s3:::bucket',
      '.*',
      'n: refused-by-both arn:aws:s3:::bucket > BadAnnotation: p',
    ],
    ['an empty role', '', '.*', 'n: no-role  > NoRole: p'],
    ['an open bracket', 'app', '[', 'n: refused-by-both app > BadNamespaceRule: p'],
    [
      'an expression of 70,000 characters',
      'app',
      'x'.repeat(70_000),
      'n: refused-by-both app > BadNamespaceRule: p',
    ],
    [
      'a look-ahead, which Go does not have',
      'app',
      '(?=app)app',
      'n: refused-by-both app > BadNamespaceRule: p',
    ],
  ])('of kiam are told, not guessed: %s', async (_, role, permits, says) => {
    expect(await fate(role, { [PERMITTED]: permits }, kiamDaemonSets)).toEqual([says]);
  });

  const kube2iam = [kube2iamDaemonSet(`--base-role-arn=${BASE}`, '--namespace-restrictions')];
  it.each([
    ['no JSON', '[app', 'n: refused-by-both app > BadNamespaceRule: p'],
    ['no list', '{"app": 1}', 'n: refused-by-both app > BadNamespaceRule: p'],
    ['a number in the list', '[7, "app"]', 'n: role-lost app > BadNamespaceRule: p'],
  ])('of kube2iam are told, not guessed: %s', async (_, permits, says) => {
    expect(await fate('app', { [ALLOWED]: permits }, kube2iam)).toEqual([says]);
  });
});

describe('A report of a cluster with an old or unknown version of kiam', () => {
  const withImage = (tag: string): Lists => ({
    ...kiam,
    '/apis/apps/v1/daemonsets': kiamDaemonSets.map(
      (each) => JSON.parse(JSON.stringify(each).replaceAll('kiam:v4.0', `kiam${tag}`)) as object,
    ),
  });

  it('says what kiam did before v4', async () => {
    const { differences } = await jsonReport(withImage(':v3.6'));
    expect(differences).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          about: 'expressions of Namespaces',
          now: 'not anchored, and compared with the role as the Pod names it',
        }),
        expect.objectContaining({ now: 'kiam v3.6 ignores them; v4 was the first to read them' }),
      ]),
    );
  });

  it.each([
    [':latest', 'tag "latest"'],
    [':3f2a9c1', 'tag "3f2a9c1"'],
    ['@sha256:00ff', 'tag none'],
  ])('takes the image kiam%s for v4, and says that this is not known', async (tag, says) => {
    const { differences } = await jsonReport(withImage(tag));
    expect(differences.find(({ about }) => about === 'version of kiam')).toMatchObject({
      now: expect.stringContaining(says),
      then: 'taken for v4 in this report',
    });
  });

  it('says nothing of the sort for v4', async () => {
    const { differences } = await jsonReport(kiam);
    expect(JSON.stringify(differences)).not.toMatch(/version of kiam|ignores them/);
  });
});

describe('A report of a cluster with kube2iam', () => {
  const lists: Lists = {
    '/api/v1/namespaces': [namespace('a'), namespace('b', { [ALLOWED]: '["app*"]' })],
    '/api/v1/pods': [
      pod({ namespace: 'a', name: 'x', annotations: { [ROLE]: 'app' } }),
      pod({ namespace: 'b', name: 'y', annotations: { [ROLE]: 'app' } }),
      pod({ namespace: 'b', name: 'z' }),
    ],
  };
  const withFlags = (...flags: string[]): Lists => ({
    ...lists,
    '/apis/apps/v1/daemonsets': [kube2iamDaemonSet(`--base-role-arn=${BASE}`, ...flags)],
  });

  it('names the Namespaces that need a permit', async () => {
    expect(changes(await jsonReport(withFlags()))).toEqual([
      'a: role-lost app > NamespaceDenied: x',
      'b: no-role  > NoRole: z',
    ]);
  });

  it('says who loses the default role because no Namespace permits it', async () => {
    expect(changes(await jsonReport(withFlags('--default-role=common')))).toEqual([
      'a: role-lost app > NamespaceDenied: x',
      'b: role-lost common > NamespaceDenied: z',
    ]);
  });

  it('has the paths that Pods have read, from the logs of kube2iam', async () => {
    const found = { ...withFlags(), '/api/v1/pods': [pod({ namespace: 'a', name: 'x', ip: '10.1.2.3' })] };
    const own = [
      pod({ namespace: 'kube-system', name: 'kube2iam-1' }),
      pod({ namespace: 'kube-system', name: 'kube2iam-2' }),
    ];
    const log =
      'time="x" level=info msg="GET" req.method=GET req.path=/latest/meta-data/instance-id req.remote=10.1.2.3\n';
    const lists: Lists = {
      ...found,
      '/api/v1/namespaces/kube-system/pods': own,
      '/api/v1/namespaces/kube-system/pods/kube2iam-1/log': { length: 0, at: () => undefined, text: log },
    };
    const { code, text } = await report(lists, { logs: 3_600_000 }, ({ forbidden }) => {
      forbidden.add('/api/v1/namespaces/kube-system/pods/kube2iam-2/log');
    });
    const { paths, incomplete } = JSON.parse(text) as Report;
    expect(paths).toEqual([
      { path: 'meta-data/instance-id', calls: 1, pods: ['a/x'], then: 'metadata.groups: instance' },
    ]);
    expect({ code, incomplete }).toEqual({
      code: 3,
      incomplete: [expect.stringContaining('get pods/log in Namespace kube-system')],
    });
  });

  it('says who loses the role of the node', async () => {
    expect(changes(await jsonReport(withFlags('--auto-discover-default-role')))).toContain(
      "b: node-role-lost its node's role > NoRole: z",
    );
  });

  it('asks for the base ARN if kube2iam detects its own', async () => {
    const found = { ...lists, '/apis/apps/v1/daemonsets': [kube2iamDaemonSet('--auto-discover-base-arn')] };
    expect(await report(found)).toMatchObject({
      code: 2,
      notes: [expect.stringContaining('say it with --role-base-arn')],
    });
    expect((await report(found, { 'role-base-arn': BASE })).code).toBe(1);
  });
});

describe('A report that cannot be made, or only in part', () => {
  it.each([
    { daemonSets: [], from: undefined, says: 'no DaemonSet or Deployment has an image of kiam or kube2iam' },
    {
      daemonSets: kiamDaemonSets,
      from: 'kube2iam',
      says: 'no DaemonSet or Deployment has an image of kube2iam',
    },
    {
      daemonSets: [...kiamDaemonSets, kube2iamDaemonSet()],
      from: undefined,
      says: 'say which of the two with --from',
    },
    { daemonSets: kiamDaemonSets.slice(0, 1), from: undefined, says: 'no server was found' },
  ])('needs to know the old system: $says', async ({ daemonSets, from, says }) => {
    const lists = { ...kiam, '/apis/apps/v1/daemonsets': daemonSets };
    expect(await report(lists, { from })).toMatchObject({
      code: 2,
      text: '',
      notes: [expect.stringContaining(says)],
    });
  });

  it('compares with the old system that the user names if there are two', async () => {
    const both = { ...kiam, '/apis/apps/v1/daemonsets': [...kiamDaemonSets, kube2iamDaemonSet()] };
    expect((await jsonReport(both, { from: 'kiam' })).system).toBe('kiam');
  });

  it('says what it could not read, and exits with 3', async () => {
    const { code, text, notes } = await report(kiam, {}, ({ forbidden }) => {
      forbidden.add('/api/v1/serviceaccounts');
    });
    expect({ code, notes }).toEqual({
      code: 3,
      notes: [expect.stringContaining('missing right: list serviceaccounts')],
    });
    expect((JSON.parse(text) as Report).incomplete).toEqual(notes);
  });

  it('refuses a CloudTrail file that is none, and takes one that is', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'report-'));
    const bad = join(folder, 'bad.json');
    const good = join(folder, 'good.json');
    await writeFile(bad, 'garbage\u009b31m', 'latin1');
    const event = {
      eventSource: 's3.amazonaws.com',
      eventName: 'ListBuckets',
      sourceIPAddress: '10.1.2.3',
      userIdentity: { type: 'AssumedRole', principalId: 'AROA:i-0123456789abcdef0' },
    };
    await writeFile(good, JSON.stringify({ Records: [event] }));
    expect(await report(kiam, { cloudtrail: bad })).toMatchObject({
      code: 2,
      notes: [expect.stringContaining('is not a JSON list of events: it has "garbage\\u009b31m"')],
    });
    expect(await report(kiam, { cloudtrail: join(folder, 'none') })).toMatchObject({
      code: 2,
      notes: [expect.stringContaining('ENOENT')],
    });
    expect(await report(kiam, { cloudtrail: folder })).toMatchObject({
      code: 2,
      notes: [expect.stringContaining(`the CloudTrail file ${folder} cannot be read: EISDIR`)],
    });
    expect((await jsonReport(kiam, { cloudtrail: good })).nodeRole).toMatchObject({
      pods: [{ pod: 'good/plain' }],
    });
    await rm(folder, { recursive: true });
  });
});

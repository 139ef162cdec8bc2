import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { writeMigration } from '../../src/migrate/plan-command.ts';
import { apart, apartPatch, together, togetherPatch } from '../../src/migrate/plan/keep-apart.ts';
import { oldProgram } from '../../src/migrate/release/old-program.ts';
import { commonValues } from '../roles/setup.ts';
import { runOn } from './old-cluster.ts';
import { runScript } from './run-script.ts';
import type { Lists, OldCluster } from './old-cluster.ts';
import {
  ALLOWED,
  kiamDaemonSets,
  kube2iamDaemonSet,
  namespace,
  PERMITTED,
  pod,
  ROLE,
  scaled,
} from './old-objects.ts';
import { BASE } from './permits.ts';

const SECRETS = '/api/v1/namespaces/kube-system/secrets';
const kiam: Lists = {
  '/apis/apps/v1/daemonsets': kiamDaemonSets,
  '/api/v1/namespaces': [
    namespace('good', { [PERMITTED]: '.*' }),
    namespace('open', { [PERMITTED]: `${BASE}a|x` }),
  ],
  '/api/v1/pods': [
    pod({ namespace: 'good', name: 'fine', annotations: { [ROLE]: 'app' } }),
    pod({ namespace: 'open', name: 'lost', annotations: { [ROLE]: "a-it's" } }),
    pod({ namespace: 'open', name: 'admin', annotations: { [ROLE]: 'a-admin' } }),
  ],
  [SECRETS]: [
    releaseOf({
      agent: { tolerations: [{ operator: 'Exists' }] },
      serviceAccounts: { server: { annotations: { 'eks.amazonaws.com/role-arn': `${BASE}kiam-server` } } },
    }),
  ],
};

function releaseOf(config: object): object {
  const release = JSON.stringify({ chart: { metadata: { name: 'kiam' } }, config });
  return { data: { release: Buffer.from(gzipSync(release).toString('base64')).toString('base64') } };
}

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plan-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function plan(lists: Lists, values: object = {}, prepare: (cluster: OldCluster) => void = () => undefined) {
  const defaults = {
    ...commonValues,
    from: undefined,
    'role-base-arn': undefined,
    values: undefined,
    to: undefined,
    folder: join(folder, 'move'),
  } as const;
  const exec = () => Promise.reject(new Error('no Pod of Rolegate is there'));
  return runOn(lists, prepare, ({ connection, output, signal }) =>
    writeMigration({ connection, exec }, { values: { ...defaults, ...values }, output, signal }),
  );
}

const BOTH = { ...kiam, '/apis/apps/v1/daemonsets': [...kiamDaemonSets, kube2iamDaemonSet()] };

function written(name: string): Promise<string> {
  return readFile(join(folder, 'move', name), 'utf8');
}

describe('A plan for a cluster with kiam', () => {
  it('has the values of both charts, from flags and from the release', async () => {
    expect((await plan(kiam)).code).toBe(0);
    expect(parse(await written('agent-values.yaml'))).toEqual({
      tolerations: [{ operator: 'Exists' }],
      nodeSelector: { 'rolegate.dev/agent': 'true' },
    });
    expect(parse(await written('server-values.yaml'))).toEqual({
      credentials: { source: 'webIdentity', webIdentity: { roleArn: `${BASE}kiam-server` } },
      roles: { baseArn: BASE, namespacePolicy: 'enforce' },
    });
    expect(await written('server-values.yaml')).toContain('# Set clusterName: ');
    expect(await written('plan.md')).toContain('The server enforces permits from the start, as kiam does.');
  });

  it('leaves permits to be enforced at the end if kiam still reads an expression that Rolegate does not take', async () => {
    const lists = { ...kiam, '/api/v1/namespaces': [namespace('open', { [PERMITTED]: '.*(?i)[é]?.*' })] };
    await plan(lists);
    expect(parse(await written('server-values.yaml'))).toMatchObject({ roles: { namespacePolicy: 'audit' } });
    expect(await written('plan.md')).toContain('the annotation that is still needed in open.');
    expect(await written('finish.sh')).toContain(`annotate namespace open --overwrite ${PERMITTED}-`);
  });

  it('names roles that do not fit into one annotation', async () => {
    const roles = Array.from({ length: 3_000 }, (_, at) => `a-application-of-some-team-${at}`);
    const pods = roles.map((role) => pod({ namespace: 'open', name: role, annotations: { [ROLE]: role } }));
    const { text } = await plan({ ...kiam, '/api/v1/pods': pods });
    expect(text).toMatch(
      /open: no annotation can permit exactly .* and 2995 more; permit them by a pattern\n/,
    );
    expect(await written('permits.sh')).not.toContain('annotate');
  });

  it('is the same if it is made twice, and keeps what a person has changed', async () => {
    const first = await plan(kiam);
    expect(first.text.match(/: written\n/g)).toHaveLength(9);
    const again = await plan(kiam);
    expect(again.text.match(/: unchanged\n/g)).toHaveLength(9);
    await writeFile(join(folder, 'move', 'agent-values.yaml'), 'mine: true\n');
    expect((await plan(kiam)).text).toContain('agent-values.yaml: replaced; what it had is in');
    await writeFile(join(folder, 'move', 'agent-values.yaml'), 'mine: again\n');
    expect((await plan(kiam)).text).toContain('agent-values.yaml.before.2\n');
    expect(await written('agent-values.yaml.before')).toBe('mine: true\n');
    expect(await written('agent-values.yaml.before.2')).toBe('mine: again\n');
  });

  it('goes on without the right to read Secrets, says so, and takes a file instead', async () => {
    const forbid = ({ forbidden }: OldCluster) => forbidden.add(SECRETS);
    const without = await plan(kiam, {}, forbid);
    expect(without.code).toBe(3);
    expect(without.text).toContain('missing right: list secrets in Namespace kube-system');
    const file = join(folder, 'kiam.yaml');
    await writeFile(file, 'agent: {priorityClassName: some-class}\n');
    expect((await plan(kiam, { values: file }, forbid)).code).toBe(0);
    expect(parse(await written('agent-values.yaml'))).toMatchObject({ priorityClassName: 'some-class' });
  });

  it.each([
    ['controller: {}', "has none of the values of kiam's chart (it has controller)"],
    ['"\\e[31m": {}', "has none of the values of kiam's chart (it has \\u001b[31m)"],
    ['agent: [', 'is not YAML'],
    ['- a', 'is not a map of values'],
    [
      `a: &a [x, x]\n${Array.from({ length: 9 }, (_, at) => `b${at}: &b${at} [*${at === 0 ? 'a' : `b${at - 1}`}, *${at === 0 ? 'a' : `b${at - 1}`}]`).join('\n')}`,
      'cannot be read',
    ],
  ])('refuses the values file %j, which %s', async (text, says) => {
    const file = join(folder, 'other.yaml');
    await writeFile(file, text);
    expect(await plan(kiam, { values: file })).toMatchObject({
      code: 2,
      notes: [expect.stringContaining(says)],
    });
  });

  it('is of the system that the user names if there are two', async () => {
    expect(await plan(BOTH)).toMatchObject({
      code: 2,
      text: '',
      notes: [expect.stringContaining('say which of the two with --from')],
    });
    expect(await plan(BOTH, { from: 'kiam' })).toMatchObject({
      code: 0,
      text: expect.stringContaining(
        'left to you: kube2iam: it runs too: make its plan as well, with --from kube2iam',
      ),
    });
    expect(await written('node.sh')).not.toContain('kube2iam');
  });

  it('permits the roles of Deployments and StatefulSets that are scaled to zero', async () => {
    await plan({
      ...kiam,
      '/api/v1/pods': [],
      '/apis/apps/v1/deployments': [scaled('open', 'asleep', 0, { [ROLE]: 'a-night' })],
      '/apis/apps/v1/statefulsets': [scaled('open', 'off', 0, { [ROLE]: 'a-day' })],
    });
    expect(await written('permits.sh')).toContain(`'${ALLOWED}=["a-day","a-night"]'`);
  });

  it.each([
    ['none', 'cannot be read: ENOENT'],
    ['.', 'cannot be read: EISDIR'],
    ['/dev/zero', 'is longer than 1 MiB'],
  ])('refuses the values file %s, which %s', async (name, says) => {
    expect(await plan(kiam, { values: resolve(folder, name) })).toMatchObject({
      code: 2,
      notes: [expect.stringContaining(says)],
    });
  });

  it('says so if there is no Secret of the release', async () => {
    expect(await plan({ ...kiam, [SECRETS]: [] })).toMatchObject({
      code: 3,
      text: expect.stringContaining(
        'the release kube-system/old, of DaemonSet kube-system/kiam-agent, has no Secret with the status deployed',
      ),
    });
  });
});

describe('The scripts of a plan', () => {
  /** With a kubectl that answers queries for Pods, and no waiting. */
  const run = (script: string, answers: string, words: readonly string[] = []) =>
    runScript(join(folder, 'move', script), { folder, words, programs: { kubectl: answers, sleep: '' } });

  it('are valid for a POSIX shell', async () => {
    await plan(kiam);
    const names = (await readdir(join(folder, 'move'))).filter((name) => name.endsWith('.sh'));
    expect(names).toHaveLength(6);
    for (const name of names)
      await new Promise<void>((resolve, reject) => {
        execFile('sh', ['-n', join(folder, 'move', name)], (error, _, stderr) => {
          if (error === null) resolve();
          else reject(new Error(stderr));
        });
      });
  });

  it('annotate Namespaces with exactly what is missing', async () => {
    await plan(kiam);
    const { code, calls } = await run('permits.sh', '');
    expect(code).toBe(0);
    expect(calls).toEqual([`kubectl[annotate][namespace][open][--overwrite][${ALLOWED}=["a-admin"]]`]);
  });

  it('cannot be made to run what an annotation holds', async () => {
    const nasty = {
      [ALLOWED]: `["x'; touch ${folder}/owned; '$(touch ${folder}/owned)"]`,
      [PERMITTED]: `${BASE}a|x`,
    };
    await plan({ ...kiam, '/api/v1/namespaces': [namespace('open', nasty)] });
    const { calls } = await run('permits.sh', '');
    expect(calls).toHaveLength(1);
    expect(await readdir(folder)).not.toContain('owned');
  });

  it('move a node: the old agent leaves, the new one becomes ready, refusals are counted', async () => {
    await plan(kiam);
    const answers =
      'case "$*" in *rolegate*"get pod"*) echo pod/rolegate-agent-x ;; *logs*) echo \'"request refused"\' ;; esac';
    const { code, stdout, calls } = await run('node.sh', answers, ['node-a']);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'node-a: moved; requests refused in the last ten minutes: 1\n',
    });
    const oldAgent = 'kubectl[-n][kube-system][get][pod][-l][app=kiam,component=agent][--field-selector]';
    expect(calls.map((call) => call.slice(0, oldAgent.length))).toEqual([
      oldAgent,
      'kubectl[label][node][node-a][rolegate.dev/agent=true][--overwrite]',
      oldAgent,
      expect.stringMatching(/^kubectl\[-n\]\[rolegate\]\[get\]\[pod\]/),
      expect.stringMatching(/^kubectl\[-n\]\[rolegate\]\[wait\]\[pod\]\[--for=condition=Ready\]/),
      expect.stringMatching(/^kubectl\[-n\]\[rolegate\]\[get\]\[pod\]/),
      'kubectl[-n][rolegate][logs][pod/rolegate-agent-x][-c][agent][--since=10m]',
    ]);
  });

  it('say that refusals are not known if the log cannot be read', async () => {
    await plan(kiam);
    const answers = 'case "$*" in *rolegate*"get pod"*) echo pod/x ;; *logs*) exit 1 ;; esac';
    const { code, stdout } = await run('node.sh', answers, ['node-a']);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'node-a: moved; requests refused in the last ten minutes: unknown\n',
    });
  });

  it('stop if kubectl fails, instead of taking that for no Pod', async () => {
    await plan(kiam);
    const { code, calls } = await run('node.sh', 'case "$*" in *"get pod"*) exit 7 ;; esac', [
      'node-a',
      'node-b',
    ]);
    expect(code).toBe(7);
    expect(calls).toHaveLength(1);
  });

  it('note on a node which old agents ran there', async () => {
    await plan(kiam);
    const answers = `case "$*" in
      *kube-system*"get pod"*) [ -e ${folder}/left ] || echo pod/kiam-agent-x ;;
      *"label node"*) touch ${folder}/left ;;
      *rolegate*"get pod"*) echo pod/rolegate-agent-x ;;
    esac`;
    const { code, calls } = await run('node.sh', answers, ['node-a']);
    expect(code).toBe(0);
    expect(calls[1]).toBe(
      'kubectl[annotate][node][node-a][rolegate.dev/old-agent=kube-system/kiam-agent][--overwrite]',
    );
    const again = await run('node.sh', answers, ['node-a']);
    expect(again.calls.join()).not.toContain('annotate');
  });

  /** A node that agents of Rolegate leave. `old`: what a query for the old agent prints or does. */
  const leaving = (had: string, old: string) =>
    `case "$*" in *"get node"*) printf '${had}' ;; *instance=rolegate-agent*) ;; *kube-system*"get pod"*) ${old} ;; *"get pod"*) echo pod/x ;; esac`;

  it('move a node back, once its old agent is ready, and forget that', async () => {
    await plan(kiam);
    const back = await run('back.sh', leaving('kube-system/kiam-agent', 'echo pod/y'), ['node-a']);
    expect(back).toMatchObject({ code: 0, stdout: 'node-a: moved back\n', stderr: '' });
    expect(back.calls.slice(-2)).toEqual([
      'kubectl[-n][kube-system][wait][pod][--for=condition=Ready][--timeout=120s][-l][app=kiam,component=agent][--field-selector][spec.nodeName=node-a]',
      'kubectl[annotate][node][node-a][rolegate.dev/old-agent-]',
    ]);
  });

  it('move a node back on which no old agent ran, and say that none has come', async () => {
    await plan(kiam);
    const back = await run('back.sh', leaving('', ':'), ['node-a']);
    expect(back).toMatchObject({
      code: 0,
      stdout: 'node-a: moved back\n',
      stderr: expect.stringContaining(
        'node-a: kube-system/kiam-agent did not run here before the move, and has not come\n',
      ),
    });
    expect(back.calls.filter((call) => call.startsWith('sleep'))).toHaveLength(19);
  });

  it.each([
    {
      name: 'an old agent that ran on the node does not come',
      had: 'kube-system/kiam-agent',
      old: ':',
      code: 124,
    },
    { name: 'the query for it fails', had: 'kube-system/kiam-agent', old: 'exit 7', code: 7 },
    { name: 'the query for one that never ran fails', had: '', old: 'exit 7', code: 7 },
    {
      name: 'an old agent does not become ready',
      had: 'kube-system/kiam-agent',
      old: 'echo pod/y ;; *kube-system*"wait pod"*) exit 1',
      code: 1,
    },
  ])('do not go on to the next node if $name', async ({ had, old, code }) => {
    await plan(kiam);
    const back = await run('back.sh', leaving(had, old), ['node-a', 'node-b']);
    expect(back).toMatchObject({ code, stdout: '' });
    expect(back.calls.join()).not.toContain('node-b');
  });

  it('finish only when every node has moved', async () => {
    await plan(kiam);
    const finish = await run('finish.sh', 'echo node/node-b');
    expect(finish).toMatchObject({ code: 1, stderr: 'not moved yet: node/node-b\n' });
  });
});

it('A plan for kube2iam permits what every Namespace permitted, and opens groups for its software', async () => {
  await plan({
    '/apis/apps/v1/daemonsets': [
      kube2iamDaemonSet(`--base-role-arn=${BASE}`, '--default-role=common', '--app-port=8282'),
    ],
    '/api/v1/namespaces': [namespace('shop')],
    '/api/v1/pods': [
      pod({ namespace: 'shop', name: 'a', annotations: { [ROLE]: 'app' } }),
      pod({ namespace: 'shop', name: 'b', image: 'docker.io/fluent/fluent-bit:3' }),
    ],
  });
  expect(await written('permits.sh')).toContain(`'${ALLOWED}=["app","common"]'`);
  expect(parse(await written('server-values.yaml'))).toMatchObject({
    roles: { default: 'common', namespacePolicy: 'audit' },
  });
  expect(parse(await written('agent-values.yaml'))).toMatchObject({
    port: 8282,
    metadata: { groups: ['placement', 'instance', 'network'] },
  });
});

describe('A plan for a move from the metadata API', () => {
  it('needs the base ARN if there is no old system', async () => {
    const lists = { ...kiam, '/apis/apps/v1/daemonsets': [] };
    expect(await plan(lists, { to: 'irsa' })).toMatchObject({
      code: 2,
      notes: [expect.stringContaining('--role-base-arn')],
    });
  });

  it('is written beside the other, from what the Pods have now', async () => {
    const outcome = await plan(kiam, { to: 'irsa' });
    expect(outcome).toMatchObject({ code: 0, text: expect.stringMatching(/Next: read .*irsa\.md\n$/) });
    expect(await readdir(join(folder, 'move'))).toEqual(['irsa-trust.json', 'irsa.md', 'irsa.sh']);
  });

  it('is of the system that the user names if there are two', async () => {
    expect(await plan(BOTH, { to: 'irsa' })).toMatchObject({
      code: 2,
      notes: [expect.stringContaining('say which of the two with --from')],
    });
    expect((await plan(BOTH, { to: 'irsa', from: 'kiam' })).code).toBe(0);
  });

  it('says what could not be read', async () => {
    const outcome = await plan(kiam, { to: 'container-credentials' }, ({ forbidden }) => {
      forbidden.add('/api/v1/serviceaccounts');
    });
    expect(outcome).toMatchObject({
      code: 3,
      text: expect.stringContaining('left to you: not read: missing right'),
    });
  });
});

describe('A DaemonSet with the update strategy RollingUpdate', () => {
  const own = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } };
  const suspended = { type: 'OnDelete', rollingUpdate: null };
  const annotations = { 'rolegate.dev/update-strategy': JSON.stringify(own) };
  const program = (given: object, updateStrategy: object) =>
    oldProgram('DaemonSet', {
      metadata: { annotations: given },
      spec: { updateStrategy, template: { spec: { containers: [{ image: 'kube2iam' }] } } },
    });

  it.each([
    { when: 'before keep-apart.sh', found: program({}, own) },
    { when: 'after it', found: program(annotations, { type: 'OnDelete' }) },
  ])(
    'replaces no Pod during the move, and has its strategy again afterwards, in a plan made $when',
    ({ found }) => {
      if (found === undefined) throw new Error('no program');
      expect(apartPatch(found)).toMatchObject({
        metadata: { annotations },
        spec: { updateStrategy: suspended },
      });
      expect(togetherPatch(found)).toEqual({
        metadata: { annotations: { 'rolegate.dev/update-strategy': null } },
        spec: { updateStrategy: own, template: { spec: { affinity: null } } },
      });
    },
  );

  it('keeps another strategy than that', () => {
    const found = program({}, { type: 'OnDelete' });
    if (found === undefined) throw new Error('no program');
    expect(togetherPatch(found)).toEqual({ spec: { template: { spec: { affinity: null } } } });
    expect(JSON.stringify(apartPatch(found))).not.toContain('trategy');
  });
});

describe('The affinity that keeps agents apart', () => {
  const own = {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: 'a', operator: 'Exists' }] },
          { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['x'] }] },
        ],
      },
    },
    podAffinity: {},
  };

  it.each([[undefined], [own], [{ podAffinity: {} }]])(
    'is added once, and taken away again: %j',
    (affinity) => {
      const added = apart(affinity);
      expect(apart(added as Record<string, unknown>)).toEqual(added);
      expect(together(added as Record<string, unknown>)).toEqual(affinity ?? null);
    },
  );

  it('is a condition of each term, because a node needs to match only one', () => {
    expect(JSON.stringify(apart(own)).match(/DoesNotExist/g)).toHaveLength(2);
  });
});

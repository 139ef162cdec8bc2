import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CoreV1Api } from '@kubernetes/client-node';
import type { KubeConfig } from '@kubernetes/client-node';
import { preparePrograms } from '@rolegate/sandbox';
import { eventually, outputOf } from '@rolegate/testing';
import { stringify } from 'yaml';
import { goldenFile, objectsIn } from './golden-files.ts';
import { accountKubeconfig } from '../server-account.ts';
import type { ClusterStep } from '../world.ts';

const CHART = fileURLToPath(new URL('../../../charts/server', import.meta.url));
const AUTHORITY = 'rolegate-authority';
/** Covers a busy machine. helm and kubectl need the user's environment. */
const TOOL = { env: process.env, timeoutMs: 60_000 };
const FILLED = { withinMs: 30_000, everyMs: 100 };

export interface AuthorityChartDeps {
  readonly kubeConfig: KubeConfig;
  /** Path of the kubeconfig, for helm and kubectl. */
  readonly kubeconfig: string;
  /** Part of the release names, so that cluster-scoped objects do not collide. */
  readonly run: string;
  readonly namespace: (name: string) => Promise<string>;
  /** Paths; undefined: steps that need the program are skipped. */
  readonly helm: string | undefined;
  readonly kubectl: string | undefined;
}

/** The state of the Secret and the ConfigMap. */
interface AuthorityState {
  readonly data: string;
  readonly uids: string;
  readonly owners: string;
}

/** Applying the chart's empty objects again must keep what servers have written. */
export function authorityChartSteps(deps: AuthorityChartDeps): ClusterStep[] {
  const { helm, kubectl } = deps;
  const missing = [
    ...(helm === undefined ? ['helm (HELM)'] : []),
    ...(kubectl === undefined ? ['kubectl (KUBECTL)'] : []),
  ];
  for (const tool of missing) console.log(`skipped the authority steps with ${tool}: not installed`);
  return [
    ...(helm === undefined ? [] : helmSteps(deps, helm)),
    ...(kubectl === undefined ? [] : kubectlSteps(deps, kubectl)),
  ];
}

function helmSteps(deps: AuthorityChartDeps, program: string): ClusterStep[] {
  return [
    {
      title: 'helm upgrade keeps the data that servers wrote into the rendered Secret and ConfigMap',
      run: () =>
        withRelease(deps, { program, name: 'fresh' }, async ({ helm, state, fill, core, namespace }) => {
          await helm('install', CHART);
          expectEqual((await state()).data, 'Secret {} ConfigMap {}', 'as rendered');
          await fill();
          const before = await state();
          await helm('upgrade', CHART, '--set', 'replicas=3');
          expectSame(await state(), before, 'after helm upgrade');
          // Restoring a whole backup removes helm's labels.
          const { data } = await core.readNamespacedSecret({ namespace, name: AUTHORITY });
          const body = { metadata: { name: AUTHORITY }, type: 'Opaque', ...(data && { data }) };
          await core.replaceNamespacedSecret({ namespace, name: AUTHORITY, body });
          await helm('upgrade', CHART, '--set', 'replicas=2');
          expectSame(await state(), before, 'after a restore and helm upgrade');
        }),
    },
    {
      title:
        'helm upgrade from 0.1 adopts the objects that its server created without Helm labels, and helm rollback keeps them',
      run: () =>
        withRelease(deps, { program, name: 'former' }, async ({ helm, state, fill, folder }) => {
          await helm('install', await chartOf01(folder));
          await fill();
          const before = await state();
          expectEqual(before.owners, '- -', 'owners of what a server created');
          await helm('upgrade', CHART);
          expectSame(await state(), before, 'after the upgrade from 0.1');
          await fill();
          const filled = await state();
          await helm('upgrade', CHART, '--set', 'replicas=3');
          expectSame(await state(), filled, 'after the next upgrade');
          await helm('rollback', '1');
          expectSame(await state(), filled, 'after helm rollback');
        }),
    },
    {
      title:
        'helm uninstall leaves the Secret and ConfigMap to the cleanup Job, and helm install adopts them',
      run: () =>
        withRelease(deps, { program, name: 'again' }, async ({ helm, state, fill }) => {
          await helm('install', CHART);
          await fill();
          const before = await state();
          await helm('uninstall', '--no-hooks');
          expectSame(await state(), before, 'after helm uninstall without its Job');
          await helm('install', CHART);
          expectSame(await state(), before, 'after helm install over it');
        }),
    },
  ];
}

function kubectlSteps(deps: AuthorityChartDeps, kubectl: string): ClusterStep[] {
  const modes = [
    { name: 'kubectl apply', words: [] },
    { name: 'kubectl apply --server-side', words: ['--server-side', '--force-conflicts'] },
  ];
  return modes.map(({ name, words }, index) => ({
    title: `Repeating ${name} of deploy/ keeps the data and finds no difference`,
    run: () =>
      withRelease(deps, { program: '', name: `plain-${index}` }, async (release) => {
        const { namespace, folder, state, fill } = release;
        const file = join(folder, 'authority.yaml');
        const kinds = ['Secret', 'ConfigMap', 'ServiceAccount', 'Role', 'RoleBinding'];
        const objects = objectsIn(goldenFile('deploy/rolegate-server.yaml'), namespace);
        const chosen = objects.filter(({ kind }) => kinds.includes(kind));
        await writeFile(file, chosen.map((object) => stringify(object)).join('---\n'));
        const call = (...more: string[]) =>
          outputOf([kubectl, ...more, ...words, '-f', file, '--kubeconfig', deps.kubeconfig], TOOL);
        await call('apply');
        await fill('rolegate-server');
        const before = await state();
        for (let time = 0; time < 2; time += 1) {
          await call('apply');
          expectSame(await state(), before, name);
        }
        // Exits with 1 if something differs.
        await call('diff');
      }),
  }));
}

interface Release {
  readonly core: CoreV1Api;
  readonly namespace: string;
  readonly folder: string;
  /** `more` follows the release name. */
  readonly helm: (command: string, ...more: string[]) => Promise<void>;
  readonly state: () => Promise<AuthorityState>;
  /** Runs a server with the ServiceAccount of the release until it has filled both objects. */
  readonly fill: (account?: string) => Promise<void>;
}

async function withRelease(
  { kubeConfig, kubeconfig, run, namespace: namespaceOf }: AuthorityChartDeps,
  { program, name }: { program: string; name: string },
  use: (release: Release) => Promise<void>,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const core = kubeConfig.makeApiClient(CoreV1Api);
  const namespace = await namespaceOf(`chart-${name}`);
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-chart-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const release = `rolegate-server-${name}-${run}`;
  const call = (...args: string[]) =>
    outputOf([program, ...args, '--namespace', namespace, '--kubeconfig', kubeconfig], TOOL);
  if (program !== '')
    stack.defer(async () => {
      await call('uninstall', release, '--no-hooks', '--ignore-not-found');
    });
  const values = ['--values', join(CHART, 'ci/minimal-values.yaml')];

  async function fill(account = release): Promise<void> {
    const file = join(folder, 'kubeconfig');
    await writeFile(file, await accountKubeconfig({ kubeConfig, core, namespace, account }), { mode: 0o600 });
    const lines: string[] = [];
    const { startServer } = await preparePrograms({
      folder,
      serverCount: 1,
      kubeconfig: file,
      stsEndpoint: 'http://127.0.0.1:9',
      imdsEndpoint: 'http://127.0.0.1:9',
      cniDirectory: '',
      node: 'none',
      authority: { namespace, caFile: '', tokenFile: '' },
      onAgentLine: () => undefined,
      onServerLine: (line) => lines.push(line),
    });
    const server = startServer(0);
    try {
      await eventually(async () => {
        const { data } = await readState(core, namespace);
        if (!lines.some((line) => line.includes('authority found')) || !data.includes('ca.crt'))
          throw new Error(`the server has not filled the objects: ${lines.slice(-3).join(' ')}`);
      }, FILLED);
    } finally {
      await server.stop();
    }
  }

  await use({
    core,
    namespace,
    folder,
    async helm(command, ...more) {
      const takesValues = command === 'install' || command === 'upgrade';
      await call(command, release, ...more, ...(takesValues ? values : []));
    },
    state: () => readState(core, namespace),
    fill,
  });
}

async function readState(core: CoreV1Api, namespace: string): Promise<AuthorityState> {
  const name = AUTHORITY;
  const secret = await core.readNamespacedSecret({ namespace, name });
  const bundle = await core.readNamespacedConfigMap({ namespace, name });
  const owner = ({ metadata }: typeof secret | typeof bundle) =>
    metadata?.annotations?.['meta.helm.sh/release-name'] ?? '-';
  return {
    data: `Secret ${JSON.stringify(secret.data ?? {})} ConfigMap ${JSON.stringify(bundle.data ?? {})}`,
    uids: `${secret.metadata?.uid ?? ''} ${bundle.metadata?.uid ?? ''}`,
    owners: `${owner(secret)} ${owner(bundle)}`,
  };
}

/** Makes the chart behave as in 0.1: it renders neither object, and its server may create both. */
async function chartOf01(folder: string): Promise<string> {
  const chart = join(folder, 'chart');
  await cp(CHART, chart, { recursive: true });
  await rm(join(chart, 'templates/authority.yaml'));
  const file = join(chart, 'templates/role.yaml');
  const create = "  - apiGroups: ['']\n    resources: [secrets, configmaps]\n    verbs: [create]\n";
  const [before = '', after = ''] = (await readFile(file, 'utf8')).split('rules:\n');
  const metadata = before.replace(/^.*\$renders :=.*\n/m, '').replace('$renders', '(dict)');
  await writeFile(file, `${metadata}rules:\n${create}${after}`);
  return chart;
}

function expectSame(after: AuthorityState, before: AuthorityState, when: string): void {
  expectEqual(after.uids, before.uids, `uids ${when}`);
  // Not printed, because it includes the Secret.
  if (after.data !== before.data) throw new Error(`the data differs ${when}`);
}

function expectEqual(found: string, wanted: string, what: string): void {
  if (found !== wanted) throw new Error(`${what}: ${found}, not ${wanted}`);
}

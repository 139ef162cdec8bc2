import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { describeError } from '@rolegate/runtime';
import { startPrograms } from '@rolegate/sandbox';
import { createCniResultsDir, startImds } from '@rolegate/testing';
import { runCharts } from './charts/all-steps.ts';
import { pythonWithBoto3 } from './clients.ts';
import { createClusterObjects } from './cluster-objects.ts';
import { runEtcdRestore } from './steps/etcd-restore.ts';
import { identityScenario } from './identity/all-steps.ts';
import { startIdentityWorld } from './identity/world.ts';
import { scenario } from './steps/certificate-files.ts';
import { runSteps } from './steps.ts';

const USAGE = `npm run test:real -- --kubeconfig F --sts-endpoint U [--python P] [--etcd-restore C]

Drives the built server and agent against a real API server, with unmodified SDKs.
  --kubeconfig F     of a cluster in which Nodes, Namespaces and Pods may be made; they are removed again
  --sts-endpoint U   an STS stand-in such as moto: it must answer GetCallerIdentity for the keys that it issued
  --python P         a Python that has boto3; without it the machine's, else a virtual environment is made
  --etcd-restore C   a command that keeps etcd's data (C save) and puts it back (C restore), the API server stopped meanwhile;
                     without it an etcd that is restored is not shown`;

const PYTHON_CACHE = fileURLToPath(new URL('../../node_modules/.cache/boto3', import.meta.url));
const LAST_LINES = 60;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      kubeconfig: { type: 'string' },
      'sts-endpoint': { type: 'string' },
      python: { type: 'string' },
      'etcd-restore': { type: 'string' },
    },
  });
  const { kubeconfig, 'sts-endpoint': stsEndpoint } = values;
  if (kubeconfig === undefined || stsEndpoint === undefined) {
    console.error(USAGE);
    return 2;
  }
  const python = await pythonWithBoto3({ given: values.python, cache: PYTHON_CACHE });
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-real-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const imds = await startImds({});
  stack.defer(() => imds.close());
  const cni = stack.use(await createCniResultsDir());

  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(kubeconfig);
  const run = Date.now().toString(36);
  const objects = createClusterObjects({ core: kubeConfig.makeApiClient(CoreV1Api), run });
  stack.defer(() => objects.remove());
  const [node, otherNode] = [await objects.node('rolegate-a'), await objects.node('rolegate-b')];

  const lines: string[] = [];
  const keep = (line: string) => {
    if (!line.includes('"level":"debug"')) lines.push(line);
  };
  const { servers, metadata } = await startPrograms(
    {
      folder,
      serverCount: 2,
      kubeconfig,
      stsEndpoint,
      imdsEndpoint: imds.url,
      cniDirectory: cni.path,
      node,
      onAgentLine: keep,
      onServerLine: keep,
    },
    (program) => {
      stack.defer(program.stop);
    },
  );
  const stopServers = async () => {
    await Promise.all(servers.map(({ stop }) => stop()));
  };
  const first = await runSteps(
    'certificates from files',
    scenario({ objects, cni, agent: metadata, node, otherNode, stsEndpoint, python, stopServers }),
  );
  const world = await startIdentityWorld({
    folder,
    kubeConfig,
    objects,
    run,
    stack,
    stsEndpoint,
    imdsEndpoint: imds.url,
    onAgentLine: keep,
    onServerLine: keep,
  });
  const second = await runSteps(
    "the servers' own authority",
    identityScenario({ world, objects, stsEndpoint, signingKey: join(dirname(kubeconfig), 'pki/sa.key') }),
  );
  const third = await runCharts({ kubeConfig, objects, node, kubeconfig, run });
  const fourth = await runEtcdRestore(values['etcd-restore'], {
    objects,
    stack,
    folder,
    kubeconfig,
    stsEndpoint,
    imdsEndpoint: imds.url,
    onLine: keep,
  });
  const all = [first, second, third, fourth];
  const failed = all.reduce((sum, outcome) => sum + outcome.failed, 0);
  const passed = all.reduce((sum, outcome) => sum + outcome.passed, 0);
  if (failed > 0) console.log(['the last lines of the logs:', ...lines.slice(-LAST_LINES)].join('\n'));
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`test:real: ${describeError(error)}`);
  process.exitCode = 2;
}

import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exitCodeOf, runSteps, suiteSignal, summaryOf, sumOfOutcomes } from '@rolegate/testing';
import type { Outcome } from '@rolegate/testing';
import { chartSteps } from './charts/all-steps.ts';
import { runSuite } from '../processes/run-suite.ts';
import { pythonWithBoto3 } from '../processes/python.ts';
import { identitySteps } from './identity/all-steps.ts';
import { pluginSteps } from './plugin/all-steps.ts';
import { certificateFileSteps } from './steps/certificate-files.ts';
import { containerCredentialSteps } from './steps/container-credentials.ts';
import { etcdRestoreSteps } from './steps/etcd-restore.ts';
import { openWorld } from './world.ts';
import type { ClusterStep, ClusterWorld } from './world.ts';

const USAGE = `npm run test:real -- --kubeconfig F --sts-endpoint U [--python P] [--etcd-restore C]

Runs the built server and agent with a real API server and unmodified SDKs.
  --kubeconfig F     a cluster in which Nodes, Namespaces and Pods can be created; they are removed afterwards
  --sts-endpoint U   an STS stand-in such as moto, which answers GetCallerIdentity for the keys that it issued
  --python P         a Python with boto3 (default: the machine's Python, else a new virtual environment)
  --etcd-restore C   a command that saves etcd's data (C save) and restores it (C restore) while the API server is stopped;
                     without it the restore steps are skipped`;

/** Ends a run that hangs. Milliseconds. */
const LONGEST_MS = 40 * 60_000;

/** Each part starts its programs. The restore is last, because it loses objects created after the backup. */
const parts: Readonly<Record<string, (world: ClusterWorld) => Promise<ClusterStep[]>>> = {
  'certificates from files': certificateFileSteps,
  "the servers' own authority": identitySteps,
  'container credentials': containerCredentialSteps,
  'chart renderings': chartSteps,
  'rights of the kubectl plugin': pluginSteps,
  'restored etcd': etcdRestoreSteps,
};

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      kubeconfig: { type: 'string' },
      'sts-endpoint': { type: 'string' },
      python: { type: 'string' },
      'etcd-restore': { type: 'string' },
    },
  });
  const { kubeconfig, 'sts-endpoint': stsEndpoint, 'etcd-restore': etcdRestore } = values;
  if (kubeconfig === undefined || stsEndpoint === undefined) {
    console.error(USAGE);
    return 2;
  }
  const python = await pythonWithBoto3(values.python);
  await using world = await openWorld({ kubeconfig, stsEndpoint, python, etcdRestore });
  const signal = suiteSignal(LONGEST_MS);
  const outcomes: Outcome[] = [];
  for (const [title, stepsOf] of Object.entries(parts)) {
    console.log(`--- ${title}`);
    // Programs of earlier parts may still run, with their sockets and certificates.
    const folder = await mkdtemp(join(world.folder, 'part-'));
    const steps = await stepsOf({ ...world, folder });
    outcomes.push(await runSteps({ steps, world, print: console.log, signal }));
  }
  const outcome = sumOfOutcomes(outcomes);
  console.log(summaryOf(outcome));
  return exitCodeOf(outcome);
}

await runSuite('test:real', main);

import { parseArgs } from 'node:util';
import { exitCodeOf, runSteps, suiteSignal, summaryOf, sumOfOutcomes } from '@rolegate/testing';
import type { Outcome } from '@rolegate/testing';
import { chartSteps } from './charts/all-steps.ts';
import { runSuite } from '../processes/run-suite.ts';
import { pythonWithBoto3 } from '../processes/python.ts';
import { identitySteps } from './identity/all-steps.ts';
import { certificateFileSteps } from './steps/certificate-files.ts';
import { etcdRestoreSteps } from './steps/etcd-restore.ts';
import { openWorld } from './world.ts';
import type { ClusterStep, ClusterWorld } from './world.ts';

const USAGE = `npm run test:real -- --kubeconfig F --sts-endpoint U [--python P] [--etcd-restore C]

Drives the built server and agent against a real API server, with unmodified SDKs.
  --kubeconfig F     of a cluster in which Nodes, Namespaces and Pods may be made; they are removed again
  --sts-endpoint U   an STS stand-in such as moto: it must answer GetCallerIdentity for the keys that it issued
  --python P         a Python that has boto3; without it the machine's, else a virtual environment is made
  --etcd-restore C   a command that keeps etcd's data (C save) and puts it back (C restore), the API server stopped meanwhile;
                     without it an etcd that is restored is not shown`;

/** Whatever hangs, the run ends. Milliseconds. */
const LONGEST_MS = 40 * 60_000;

/** Each starts programs of its own. What is made after etcd's backup is lost, so that it comes last. */
const parts: Readonly<Record<string, (world: ClusterWorld) => Promise<ClusterStep[]>>> = {
  'certificates from files': certificateFileSteps,
  "the servers' own authority": identitySteps,
  'what the charts render': chartSteps,
  'an etcd that is restored': etcdRestoreSteps,
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
    const steps = await stepsOf(world);
    outcomes.push(await runSteps({ steps, world, print: console.log, signal }));
  }
  const outcome = sumOfOutcomes(outcomes);
  console.log(summaryOf(outcome));
  return exitCodeOf(outcome);
}

await runSuite('test:real', main);

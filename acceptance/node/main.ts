import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeError } from '@rolegate/runtime';
import { exitCodeOf, runSteps, suiteSignal, summaryOf } from '@rolegate/testing';
import { runSuite } from '../processes/run-suite.ts';
import { allSteps } from './all-steps.ts';
import { createPodCurl } from './curl-from-pod.ts';
import { createHelm } from './helm.ts';
import { charts01In, chartsHere, releasedCharts } from './charts.ts';
import type { Charts } from './charts.ts';
import { buildImages } from './images.ts';
import { createImdsLog } from './imds-log.ts';
import { createInstallation, NAMESPACE, stsEndpointOf } from './installation.ts';
import { createKubectl } from './kubectl.ts';
import type { Kubectl } from './kubectl.ts';
import { findNode } from './node.ts';
import { parseOptions, USAGE } from './options.ts';
import type { Options } from './options.ts';
import { unpackCharts01, whyNoRelease01 } from './release-0.1.ts';
import { KIAM, KUBE2IAM } from './moving/old-clusters.ts';
import { createOldSystem } from './moving/old-system.ts';
import { createFaultPods } from './plugin/fault-pods.ts';
import { createPlugin } from './plugin/plugin.ts';
import { createTranscripts } from './plugin/transcripts.ts';
import { readReadmeLines } from './readme-lines.ts';
import { createTestPods } from './test-pods.ts';
import type { NodeWorld } from './world.ts';

/** Limit of the run, without building images. */
const TESTS_WITHIN_MS = 18 * 60_000;
/** The same if the race is measured. */
const MEASURED_WITHIN_MS = 45 * 60_000;

async function main(): Promise<number> {
  const options = parseOptions(process.env);
  if (options === undefined) {
    console.error(USAGE);
    return 2;
  }
  if (options.images !== 'use') await buildImages(options, console.log);
  return options.images === 'only' ? 0 : test(options);
}

async function test(options: Options) {
  const { kubeconfig, node: wanted, stsEndpoint, imdsLog, sentinel, pods, release, report } = options;
  const charts = release === undefined ? chartsHere() : await releasedCharts(release);
  const kubectl = createKubectl({ kubeconfig });
  const node = await findNode(kubectl, wanted);
  const installation = createInstallation({
    kubectl,
    helm: createHelm({ kubeconfig, namespace: NAMESPACE, charts }),
    charts,
    node: node.name,
    stsEndpoint,
  });
  const place = { node: node.name, stsEndpoint: stsEndpointOf(stsEndpoint) };
  const testPods = createTestPods({ kubectl, ...place });
  const faultPods = createFaultPods(kubectl, place);
  const oldDeps = { kubectl, kubeconfig, ...place };
  const oldSystems = {
    kiam: createOldSystem(KIAM, oldDeps),
    kube2iam: createOldSystem(KUBE2IAM, oldDeps),
  };
  const removeAll = async () => {
    await Promise.all([installation.remove(), testPods.remove(), faultPods.remove()]);
    for (const oldSystem of Object.values(oldSystems)) await oldSystem.remove();
  };
  await removeAll(); // left over from an aborted run
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-e2e-'));
  try {
    const stop = new AbortController();
    const world: NodeWorld = {
      kubectl,
      installation,
      pods: testPods,
      faultPods,
      oldSystems,
      curl: createPodCurl({ kubectl, sentinel }),
      imdsLog: imdsLog === undefined ? undefined : createImdsLog({ path: imdsLog, nodeIps: node.ips }),
      plugin: await createPlugin({ kubeconfig, folder }),
      transcripts: createTranscripts({ write: options.writeTranscripts }),
      standIns: options.standIns,
      node: { name: node.name, ip: node.ips[0] ?? '' },
      agentImage: charts.reference('agent'),
      readme:
        charts.registry === undefined
          ? undefined
          : await readReadmeLines({ kubeconfig, registry: charts.registry }),
      sentinel,
      podsAtOnce: pods,
      raceReport: report,
      charts01: await chartsOf01(folder),
      lines: [],
      say: (line) => {
        console.log(`      ${line}`);
      },
      stop: (why) => {
        stop.abort(why);
      },
    };
    const withinMs = report === undefined ? TESTS_WITHIN_MS : MEASURED_WITHIN_MS;
    const signal = AbortSignal.any([stop.signal, suiteSignal(withinMs)]);
    const outcome = await runSteps({
      steps: allSteps(world, options.only),
      world,
      print: console.log,
      signal,
    });
    if (outcome.failed > 0) console.log(await diagnostics(kubectl));
    console.log(summaryOf(outcome));
    return exitCodeOf(outcome);
  } finally {
    await removeAll();
    await rm(folder, { recursive: true });
  }
}

async function chartsOf01(folder: string): Promise<Charts | undefined> {
  const missing = await whyNoRelease01();
  if (missing === undefined) return charts01In(await unpackCharts01(folder));
  console.log(`skipped the upgrades from 0.1.0: ${missing}`);
  return undefined;
}

async function diagnostics(kubectl: Kubectl): Promise<string> {
  const outputs: string[] = [];
  for (const args of [
    ['get', 'pods', '-o', 'wide'],
    ['get', 'events', '--field-selector=type=Warning'],
    ['logs', '-l', 'app.kubernetes.io/name in (rolegate-agent,rolegate-server)', ...LOG_FLAGS],
  ]) {
    outputs.push(await kubectl.call(['-n', NAMESPACE, ...args]).catch(describeError));
  }
  return outputs.join('\n');
}

const LOG_FLAGS = ['--all-containers', '--prefix', '--tail=40', '--max-log-requests=20'];

await runSuite('test:node', main);

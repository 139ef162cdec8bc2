import { setTimeout as sleep } from 'node:timers/promises';
import { createCniResultsDir, startKubernetesApi, startSts } from '@rolegate/testing';
import type { CniResultsDir, KubernetesApi } from '@rolegate/testing';
import { sendRequest, CREDENTIALS_PATH } from '../send-request.ts';
import { startChild } from '../../processes/start-child.ts';
import type { BareCalls } from '../children/bare.ts';
import {
  NAMESPACE,
  namespaceObject,
  nodeName,
  podIp,
  podObject,
  podUid,
  roleName,
} from '../cluster-objects.ts';
import type { BenchWorld } from '../world.ts';
import { cpuMs } from '../process-usage.ts';
import { cpuEach, rowOf, say } from '../row.ts';
import type { Measured, Row } from '../row.ts';
import { quantile } from '../statistics.ts';

const STS_MS = 50;
/** Between Pods. */
const PAUSE_MS = 20;
/** How long Pods are known before they get their address. */
const LEAD_MS = 1_000;

interface Node {
  readonly api: KubernetesApi;
  readonly cni: CniResultsDir;
  readonly port: number;
  /** A server with a constant answer, to measure the share of client and machine. */
  readonly barePort: number;
  /** CPU time of agent and server. */
  readonly cpuMs: () => Promise<number>;
}

/** Times of each round, in milliseconds. */
interface Samples {
  readonly rounds: number[][];
  /** CPU time of agent and server in all rounds. */
  cpuMs: number;
}

/** From a new Pod's first request to its credentials. Pods start one after the other, with different roles. */
export async function newPod(bench: BenchWorld): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const node = await openNode(bench, stack);
  const { rounds, quick } = bench.options;
  const pods = quick ? 5 : 40;
  const immediate: Samples = { rounds: [], cpuMs: 0 };
  const later: Samples = { rounds: [], cpuMs: 0 };
  const bare: number[][] = [];
  let next = 0;
  const nextPods = () => Array.from({ length: pods }, () => next++);
  const measure = async (into: Samples, request: () => Promise<number[]>) => {
    const before = await node.cpuMs();
    into.rounds.push(await request());
    into.cpuMs += (await node.cpuMs()) - before;
  };
  await requestImmediately(node, nextPods()); // warm-up
  for (let round = 0; round < rounds; round++) {
    const bareTimes: number[] = [];
    await measure(immediate, () => requestImmediately(node, nextPods()));
    await measure(later, () => requestLater(node, nextPods(), bareTimes));
    bare.push(bareTimes);
  }
  return [...immediateRows(immediate), ...laterRows(later, bare)];
}

function immediateRows({ rounds, cpuMs: used }: Samples): Row[] {
  const what = `new Pod, asks at once, STS ${STS_MS} ms: over STS`;
  const all = rounds.flat();
  return [
    rowOf({
      what: `${what}, p50`,
      values: rounds.map((times) => quantile(times, 0.5) - STS_MS),
      say: say.ms,
      cpu: cpuEach(used, all.length, 'a Pod'),
      atMost: 5,
    }),
    rowOf({
      what: `${what}, p99`,
      values: [quantile(all, 0.99) - STS_MS],
      say: say.ms,
      note: `of all ${all.length}`,
      atMost: 15,
    }),
  ];
}

function laterRows({ rounds, cpuMs: used }: Samples, bare: readonly number[][]): Row[] {
  const row = (name: string, share: number, more: Pick<Measured, 'cpu' | 'atMost'>) => {
    const both = [rounds.flat(), bare.flat()].map((times) => say.ms(quantile(times, share)));
    return rowOf({
      what: `Pod known 1 s before its IP: ${name} to a bare server, asked the same way`,
      values: rounds.map((times, round) => quantile(times, share) / quantile(bare[round] ?? [], share)),
      say: say.ratio,
      note: both.join(' to '),
      ...more,
    });
  };
  return [
    row('p50', 0.5, { cpu: cpuEach(used, rounds.flat().length, 'a Pod'), atMost: 1 }),
    row('p90', 0.9, {}),
  ];
}

async function openNode(bench: BenchWorld, stack: AsyncDisposableStack): Promise<Node> {
  const api = await startKubernetesApi({});
  stack.defer(() => api.close());
  api.apply(namespaceObject);
  const sts = stack.use(await startSts({ latencyMs: STS_MS }));
  const cni = stack.use(await createCniResultsDir());
  const kubeconfig = await bench.writeKubeconfig(api.kubeconfig());
  const words = ['--sts-rate', '1000', '--sts-burst', '1000'];
  const server = await bench.startServer({ kubeconfig, stsEndpoint: sts.url, words });
  stack.use(server.bundle);
  await server.bundle.untilAnswers(server.opsPort);
  const agent = await bench.startAgent({ serverPort: server.port, cniDirectory: cni.path });
  stack.use(agent.bundle);
  await agent.bundle.untilAnswers(agent.opsPort);
  const bare = stack.use(
    await startChild<BareCalls>(new URL('../children/bare.ts', import.meta.url), bench.bundles.flags.agent),
  );
  const body = '{}';
  const headers = ['Content-Length', String(body.length)];
  return {
    api,
    cni,
    port: agent.port,
    barePort: await bare.call.bare({ headers, body }),
    cpuMs: async () => (await cpuMs(agent.bundle.pid)) + (await cpuMs(server.bundle.pid)),
  };
}

/** Pods whose address is known, and that send a request as soon as they are created. */
async function requestImmediately(node: Node, pods: readonly number[]): Promise<number[]> {
  const times: number[] = [];
  for (const index of pods) {
    await addResult(node, index);
    node.api.apply(podObject({ index, node: nodeName(0), role: roleName(index) }));
    times.push(await requestFrom(node, index));
    await sleep(PAUSE_MS);
  }
  return times;
}

/** Pods with cached credentials that send a request as soon as they get their address. */
async function requestLater(node: Node, pods: readonly number[], bare: number[]): Promise<number[]> {
  for (const index of pods)
    node.api.apply(podObject({ index, node: nodeName(0), role: roleName(index), running: false }));
  await sleep(LEAD_MS);
  const times: number[] = [];
  for (const index of pods) {
    await addResult(node, index);
    times.push(await requestFrom(node, index));
    await sleep(PAUSE_MS);
    bare.push(await requestFrom({ port: node.barePort }, index));
    await sleep(PAUSE_MS);
  }
  return times;
}

async function addResult({ cni }: Node, index: number): Promise<void> {
  await cni.add({ uid: podUid(index), namespace: NAMESPACE, name: `app-${index}`, ips: [podIp(index)] });
}

async function requestFrom({ port }: Pick<Node, 'port'>, index: number): Promise<number> {
  const { status, body, tookMs } = await sendRequest({
    port,
    ip: podIp(index),
    path: CREDENTIALS_PATH + roleName(index),
  });
  if (status !== 200) throw new Error(`the Pod ${index} got ${status} ${body}`);
  return tookMs;
}

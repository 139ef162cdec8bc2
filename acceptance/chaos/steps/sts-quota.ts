import { setTimeout } from 'node:timers/promises';
import { eventually } from '@rolegate/testing';
import type { Row } from '@rolegate/testing';
import { sumOfMetric } from '../metrics.ts';
import { openNodeClient } from '../node-client.ts';
import { measuredStep } from '../step.ts';
import type { ChaosStep, Seen } from '../step.ts';
import { startChaosWorld } from '../world.ts';
import type { ChaosWorldOptions } from '../world-programs.ts';
import type { ChaosWorld } from '../world.ts';

const SESSIONS = 1_000;
/** Of the stand-in: a bucket of one second's calls, as AWS describes its quota for an account and Region. */
const QUOTA_PER_SECOND = 600;
const STS_MS = 50;
/** One replica's default; and what the chart gives each of two, which share the quota. */
const BURSTS: Readonly<Record<number, number>> = { 1: 500, 2: 250 };
/** For the servers to see all Pods: nothing of the wait is to be theirs. Milliseconds. */
const SEEN_AFTER_MS = 500;
const NAMESPACES = 4;
/** The buckets of both replicas empty, then 200 calls a second. Milliseconds. */
const ALL_WITHIN_MS = 30_000;
/** What the buckets hold at first has gone to STS; one replica alone has hundreds of sessions waiting then. Milliseconds. */
const BURST_OVER_MS = 1_500;
/** A Pod of a Namespace that has asked for nothing comes next, whoever waits: its turn, STS, a busy machine. Milliseconds. */
const LATE_WITHIN_MS = 1_500;

export const quotaHead: Row = [
  'at once',
  'calls',
  'throttled',
  'most in one second',
  'all issued after',
  'a late Pod of another Namespace',
];

export const quotaNote =
  `The stand-in has a bucket of ${QUOTA_PER_SECOND} calls that fills by ${QUOTA_PER_SECOND} a second, answers after ${STS_MS} ms, and ` +
  'answers Throttling to what is more. One replica has the default bucket, --sts-burst 500, two have the chart’s 250 each.';

/** By two replicas, and by one. */
export const quotaSteps: readonly ChaosStep[] = [2, 1].map((replicas) =>
  measuredStep(
    `STS throttles no call while ${inWords(replicas)} at the same time, and a late Pod of another Namespace is served soon`,
    ({ options }) => startCrowd(options, replicas),
  ),
);

function inWords(replicas: number): string {
  return `${SESSIONS} sessions are issued by ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}`;
}

/** All Pods are there when the replicas learn of their nodes, one node each. */
async function startCrowd(options: ChaosWorldOptions, replicas: number): Promise<Seen> {
  const serverFlags = [`--sts-burst=${BURSTS[replicas] ?? 0}`];
  await using world = await startChaosWorld({ ...options, agentFlags: undefined, serverFlags });
  world.sts.latency(STS_MS);
  world.sts.throttleAbove(QUOTA_PER_SECOND);
  const issuedMs = new Map<string, number>();
  fill(world, replicas);
  await setTimeout(SEEN_AFTER_MS);
  const clients = await Promise.all(
    Array.from({ length: replicas }, (_, index) =>
      openNodeClient({
        node: nodeName(index),
        ca: world.programs.ca,
        folder: world.folder,
        serverPort: world.programs.serverPorts[index] ?? 0,
        onUpdate({ session }) {
          if (session?.credentials) issuedMs.set(session.sessionId, performance.now());
        },
      }),
    ),
  );
  const startMs = performance.now();
  await setTimeout(BURST_OVER_MS);
  const lateMs = await lateComer(world);
  const all = eventually(
    () => {
      if (issuedMs.size < SESSIONS)
        throw new Error(`only ${issuedMs.size} of ${SESSIONS} sessions are issued`);
    },
    { withinMs: ALL_WITHIN_MS, everyMs: 20 },
  );
  const fault = await all.then(
    () => [],
    (error: unknown) => [(error as Error).message],
  );
  const tookMs = Math.max(...issuedMs.values()) - startMs;
  for (const client of clients) client.close();
  const throttled = await sumOfMetric(world.programs.opsPorts, 'rolegate_sts_requests_total', /StsThrottled/);
  const { calls } = world.sts;
  const most = mostInASecond(calls.map(({ atMs }) => atMs));
  const faults = [
    ...fault,
    ...(throttled > 0 ? [`${throttled} calls were throttled`] : []),
    ...(calls.length > SESSIONS + 1 ? [`${calls.length} calls for ${SESSIONS + 1} sessions`] : []),
    ...(lateMs > LATE_WITHIN_MS
      ? [`a late Pod of another Namespace waited for ${Math.round(lateMs)} ms`]
      : []),
  ];
  const what = `${SESSIONS} sessions, ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}`;
  const took = `${(tookMs / 1000).toFixed(1)} s`;
  return {
    row: [what, String(calls.length), String(throttled), String(most), took, `${Math.round(lateMs)} ms`],
    faults,
  };
}

function fill(world: ChaosWorld, nodes: number): void {
  for (let at = 0; at < NAMESPACES; at++) world.permit(`many-${at}`, 'crowd-.*');
  world.permit('late', 'late');
  for (let at = 0; at < SESSIONS; at++) {
    world.api.apply(podOn(nodeName(at % nodes), `many-${(at >> 1) % NAMESPACES}`, `crowd-${at}`));
  }
}

/** How long a Pod waits that comes in another Namespace while the crowd does. Milliseconds. */
async function lateComer({ api, programs, folder }: ChaosWorld): Promise<number> {
  const issued = Promise.withResolvers<number>();
  const synced = Promise.withResolvers<undefined>();
  const client = await openNodeClient({
    node: LATE_NODE,
    ca: programs.ca,
    folder,
    serverPort: programs.serverPorts[0] ?? 0,
    onUpdate({ session, update }) {
      if (session?.credentials) issued.resolve(performance.now());
      if (update === 'synced') synced.resolve(undefined);
    },
  });
  await synced.promise;
  const startMs = performance.now();
  api.apply(podOn(LATE_NODE, 'late', 'late'));
  const never = setTimeout(ALL_WITHIN_MS, Infinity, { ref: false });
  const waitedMs = (await Promise.race([issued.promise, never])) - startMs;
  client.close();
  return waitedMs;
}

function podOn(node: string, namespace: string, role: string) {
  return {
    kind: 'Pod' as const,
    metadata: { namespace, name: role, annotations: { 'iam.amazonaws.com/role': role } },
    spec: { serviceAccountName: 'default', nodeName: node },
    status: { phase: 'Running', podIPs: [] },
  };
}

const LATE_NODE = 'node-late';
const nodeName = (index: number): string => `node-${index}`;

function mostInASecond(timesMs: readonly number[]): number {
  let [first, most] = [0, 0];
  timesMs.forEach((atMs, at) => {
    while (atMs - (timesMs[first] ?? atMs) >= 1_000) first += 1;
    most = Math.max(most, at - first + 1);
  });
  return most;
}

import { setTimeout } from 'node:timers/promises';
import type { Row } from '@rolegate/testing';
import { sumOfMetric } from '../metrics.ts';
import { openNodeClient } from '../node-client.ts';
import { measuredStep } from '../step.ts';
import type { ChaosStep, StepResult } from '../step.ts';
import { startChaosWorld } from '../world.ts';
import type { ChaosWorldOptions } from '../world-programs.ts';
import type { ChaosWorld } from '../world.ts';

const SESSIONS = 1_000;
/** The stand-in has a bucket of one second's calls, as AWS describes the quota of an account and Region. */
const QUOTA_PER_SECOND = 600;
const STS_MS = 50;
/** --sts-burst: the default for one replica, and the chart's value for each of two. */
const BURSTS: Readonly<Record<number, number>> = { 1: 500, 2: 250 };
/** Time for the servers to learn of all Pods. Milliseconds. */
const SEEN_AFTER_MS = 500;
const NAMESPACES = 4;
/** Covers the bursts of both replicas, then 200 calls a second. Milliseconds. */
const ALL_WITHIN_MS = 30_000;
/** The bursts are used up, and hundreds of sessions wait. Milliseconds. */
const BURST_OVER_MS = 1_500;
/** A Pod of a Namespace without waiting calls is next. Covers STS and a busy machine. Milliseconds. */
const LATE_WITHIN_MS = 1_500;

export const quotaHead: Row = [
  'simultaneous requests',
  'calls',
  'throttled',
  'peak per second',
  'all issued after',
  'Pod created later in another Namespace',
];

export const quotaNote =
  `The stand-in for STS answers after ${STS_MS} ms. It accepts a burst of ${QUOTA_PER_SECOND} calls and ${QUOTA_PER_SECOND} a second after ` +
  "that, and throttles the others. One replica has the default --sts-burst of 500, two have the chart's 250 each.";

export const quotaSteps: readonly ChaosStep[] = [2, 1].map((replicas) =>
  measuredStep(
    `STS throttles no call while ${inWords(replicas)} at the same time, and a Pod created later in another Namespace is served soon`,
    ({ options }) => issueMany(options, replicas),
  ),
);

function inWords(replicas: number): string {
  return `${SESSIONS} sessions are issued by ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}`;
}

/** All Pods exist when each replica gets the stream of one node. */
async function issueMany(options: ChaosWorldOptions, replicas: number): Promise<StepResult> {
  const serverFlags = [`--sts-burst=${BURSTS[replicas] ?? 0}`];
  await using world = await startChaosWorld({ ...options, agentFlags: undefined, serverFlags });
  world.sts.latency(STS_MS);
  world.sts.throttleAbove(QUOTA_PER_SECOND);
  fill(world, replicas);
  await setTimeout(SEEN_AFTER_MS);
  const { issued, tookMs, lateMs } = await openStreams(world, replicas);
  const throttled = await sumOfMetric(world.programs.opsPorts, 'rolegate_sts_requests_total', /StsThrottled/);
  const { calls } = world.sts;
  const most = mostInASecond(calls.map(({ atMs }) => atMs));
  const problems = [
    ...(issued < SESSIONS ? [`only ${issued} of ${SESSIONS} sessions are issued`] : []),
    ...(throttled > 0 ? [`${throttled} calls were throttled`] : []),
    ...(calls.length > SESSIONS + 1 ? [`${calls.length} calls for ${SESSIONS + 1} sessions`] : []),
    ...(lateMs > LATE_WITHIN_MS
      ? [`a Pod created later in another Namespace waited ${Math.round(lateMs)} ms`]
      : []),
  ];
  const what = `${SESSIONS} sessions, ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}`;
  const took = `${(tookMs / 1000).toFixed(1)} s`;
  return {
    row: [what, String(calls.length), String(throttled), String(most), took, `${Math.round(lateMs)} ms`],
    problems,
  };
}

/** Opens the streams, and waits until a late Pod has credentials and until all sessions are issued or the time is over. */
async function openStreams(world: ChaosWorld, replicas: number) {
  const issuedMs = new Map<string, number>();
  const clients = await Promise.all(
    Array.from({ length: replicas }, (_, index) =>
      openNodeClient({
        node: nodeName(index),
        ca: world.programs.ca,
        serverPort: world.programs.serverPorts[index] ?? 0,
        onUpdate({ session }) {
          if (session?.credentials) issuedMs.set(session.sessionId, performance.now());
        },
      }),
    ),
  );
  const startMs = performance.now();
  await setTimeout(BURST_OVER_MS);
  const lateMs = await latePod(world);
  const endMs = performance.now() + ALL_WITHIN_MS;
  while (issuedMs.size < SESSIONS && performance.now() < endMs) await setTimeout(20);
  for (const client of clients) client.close();
  return { issued: issuedMs.size, tookMs: Math.max(...issuedMs.values()) - startMs, lateMs };
}

function fill(world: ChaosWorld, nodes: number): void {
  for (let at = 0; at < NAMESPACES; at++) world.permit(`many-${at}`, 'many-.*');
  world.permit('late', 'late');
  for (let at = 0; at < SESSIONS; at++) {
    world.api.apply(podOn(nodeName(at % nodes), `many-${(at >> 1) % NAMESPACES}`, `many-${at}`));
  }
}

/** How long a new Pod of another Namespace waits. Milliseconds. */
async function latePod({ api, programs }: ChaosWorld): Promise<number> {
  const issued = Promise.withResolvers<number>();
  const synced = Promise.withResolvers<undefined>();
  const client = await openNodeClient({
    node: LATE_NODE,
    ca: programs.ca,
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

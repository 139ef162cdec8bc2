import { setTimeout as sleep } from 'node:timers/promises';
import { SERVER_NAME } from '@rolegate/sandbox';
import { createTestCa } from '@rolegate/testing';
import { startChild } from '../../processes/start-child.ts';
import type { IdleServerCalls } from '../children/scale-idle-server.ts';
import { delays, observePushes } from './pushes.ts';
import type { Pushes } from './pushes.ts';
import { sharedNowMs } from './monotonic.ts';
import { uidOfPod, workloadOfPod } from './objects.ts';
import { REPLICA_CORE } from './replicas.ts';
import type { ReplicaMemory } from './replicas.ts';
import type { ScaleRun } from './run.ts';

const HOUR_MS = 3_600_000;
/** An agent that has not reconnected by then is counted as lost. Milliseconds. */
const RECOVERY_WITHIN_MS = 180_000;
/** For the last changes of a phase to reach their agents. Milliseconds. */
const SETTLE_MS = 10_000;
const POLL_MS = 100;
/** A Pod that a changed permit has not reached by then is counted as never reached. Milliseconds. */
const PERMIT_WITHIN_MS = 60_000;
/** How long the API server is away. Milliseconds. */
const API_AWAY_MS = 10_000;

/** The delay of everything but the servers: a server that does nothing passes the changes on. */
export async function measureOwnDelay({ size, cluster, agents, url, observeMs }: ScaleRun): Promise<Pushes> {
  await using idle = await startChild<IdleServerCalls>(
    new URL('../children/scale-idle-server.ts', import.meta.url),
    { through: ['taskset', '-c', REPLICA_CORE] },
  );
  const ca = await createTestCa();
  const version = await cluster.call.version(undefined);
  const port = await idle.call.start({ url, version, ...(await ca.issue({ dns: [SERVER_NAME] })) });
  await agents.call.openBare({ port, ca: ca.pem, count: size.nodes });
  await cluster.call.churn(undefined);
  const observed = await observePushes({ cluster, agents, replicas: [] }, () => sleep(observeMs));
  await cluster.call.stopChurn(undefined);
  await agents.call.closeBare(undefined);
  return observed;
}

export interface Sync {
  readonly readyMs: readonly number[];
  readonly cpuMs: readonly number[];
  readonly memory: readonly ReplicaMemory[];
}

/** Starts all replicas together. */
export async function sync({ replicas, start }: ScaleRun): Promise<Sync> {
  for (const replica of replicas) replica.start(start);
  const readyMs = await Promise.all(replicas.map((replica) => replica.untilReady()));
  const cpuMs = await Promise.all(replicas.map((replica) => replica.cpuMs()));
  return { readyMs, cpuMs, memory: await memoryOf(replicas) };
}

function memoryOf(replicas: ScaleRun['replicas']): Promise<ReplicaMemory[]> {
  return Promise.all(replicas.map((replica) => replica.memory()));
}

export interface Connected {
  readonly attestedMs: number;
  readonly fedMs: number;
  /** CPU time of all replicas. */
  readonly cpuMs: number;
  readonly memory: readonly ReplicaMemory[];
  readonly pods: number;
  readonly sessions: number;
}

/** All agents get their first certificates and then their feeds. */
export async function connect({ cluster, agents, replicas, tokens }: ScaleRun): Promise<Connected> {
  while ((await cluster.call.authorities(undefined)) === '') await sleep(POLL_MS);
  const before = await totalCpuMs(replicas);
  await agents.call.create({ tokens, ports: replicas.map(({ port }) => port) });
  const attestedMs = await agents.call.attest({
    ports: replicas.map(({ attestPort }) => attestPort),
    authorities: await cluster.call.authorities(undefined),
  });
  const fedMs = await agents.call.start(undefined);
  const cpuMs = (await totalCpuMs(replicas)) - before;
  await sleep(SETTLE_MS);
  return {
    attestedMs,
    fedMs,
    cpuMs,
    memory: await memoryOf(replicas),
    ...(await agents.call.totals(undefined)),
  };
}

async function totalCpuMs(replicas: ScaleRun['replicas']): Promise<number> {
  const used = await Promise.all(replicas.map((replica) => replica.cpuMs()));
  return used.reduce((sum, one) => sum + one, 0);
}

/** New sessions have short lifetimes from now on. */
export async function shortenLifetimes({ sts, size }: ScaleRun): Promise<void> {
  await sts.call.limitLifetime(size.shortLifetimeSeconds);
}

/** STS calls an hour of all replicas, from those of half a short lifetime. Sessions then live for an hour. */
export async function stsCallsAnHour({ sts, size }: ScaleRun): Promise<number> {
  // Each session is renewed at 40 to 48 % of its lifetime.
  const countMs = (size.shortLifetimeSeconds * 1_000) / 2;
  const before = (await sts.call.counts(undefined)).calls;
  await sleep(countMs);
  const { calls } = await sts.call.counts(undefined);
  await sts.call.limitLifetime(HOUR_MS / 1_000);
  await sleep(countMs);
  // With a lifetime of an hour, as many calls take half an hour.
  return (calls - before) * 2;
}

/** Nothing but keepalives and reports. The share of the core that each replica uses. */
export async function idle(run: ScaleRun): Promise<readonly number[]> {
  return (await observePushes(run, () => sleep(run.observeMs))).cpuShares;
}

export interface Permit {
  readonly withdrawnMs: readonly number[];
  readonly givenMs: readonly number[];
  readonly expected: number;
}

/** Withdraws the permit of the largest Namespace and gives it back. Milliseconds until each of its Pods' agents knew. */
export async function permit({ cluster, agents, size }: ScaleRun): Promise<Permit> {
  const uids = new Set<string>();
  for (let index = 0; index < size.permitPods; index++)
    if (workloadOfPod(index, size).role !== undefined) uids.add(uidOfPod(index));
  const toggle = async (permitted: boolean) => {
    await agents.call.clear(undefined);
    const atMs = await cluster.call.permit(permitted);
    let delaysMs: number[] = [];
    while (delaysMs.length < uids.size && sharedNowMs() - atMs < PERMIT_WITHIN_MS) {
      await sleep(SETTLE_MS);
      const { allowed, denied } = await agents.call.observed(undefined);
      const arrived = (permitted ? allowed : denied).filter(([uid]) => uids.has(uid));
      delaysMs = arrived.map(([, arrivedMs]) => arrivedMs - atMs);
    }
    return delaysMs;
  };
  return { withdrawnMs: await toggle(false), givenMs: await toggle(true), expected: uids.size };
}

export interface Renewal {
  readonly tookMs: number;
  /** CPU time of all replicas. */
  readonly cpuMs: number;
}

/** All agents renew their certificates at the same time. */
export async function renewCertificates({ agents, replicas }: ScaleRun): Promise<Renewal> {
  const before = await totalCpuMs(replicas);
  const tookMs = await agents.call.renew(undefined);
  return { tookMs, cpuMs: (await totalCpuMs(replicas)) - before };
}

export interface Recovery {
  /** Until each agent had its snapshot from another stream. Milliseconds. */
  readonly tookMs: readonly number[];
  /** Agents that had none in time. */
  readonly without: number;
  readonly withinMs: number;
  readonly memory: readonly ReplicaMemory[];
}

/** Kills a replica as if its node had failed, and starts it again when its agents have gone to others. */
export async function loseReplica({ agents, replicas, start }: ScaleRun): Promise<Recovery> {
  const [lost, ...others] = replicas;
  await agents.call.mark(lost?.port);
  await lost?.kill();
  const recovered = await agents.call.recovered(RECOVERY_WITHIN_MS);
  const memory = await memoryOf(others);
  lost?.start(start);
  await lost?.untilReady();
  return { ...recovered, withinMs: RECOVERY_WITHIN_MS, memory };
}

export interface Restart extends Recovery {
  /** From the stop of the replicas until all were ready again. Milliseconds. */
  readonly readyMs: number;
  readonly stsCalls: number;
}

/** Stops all replicas together and starts them again. */
export async function restartAll({ agents, replicas, sts, start }: ScaleRun): Promise<Restart> {
  const callsBefore = (await sts.call.counts(undefined)).calls;
  await agents.call.mark(undefined);
  const stoppedMs = sharedNowMs();
  await Promise.all(replicas.map((replica) => replica.stop()));
  for (const replica of replicas) replica.start(start);
  await Promise.all(replicas.map((replica) => replica.untilReady()));
  const readyMs = sharedNowMs() - stoppedMs;
  const recovered = await agents.call.recovered(RECOVERY_WITHIN_MS);
  const stsCalls = (await sts.call.counts(undefined)).calls - callsBefore;
  return { readyMs, ...recovered, withinMs: RECOVERY_WITHIN_MS, memory: await memoryOf(replicas), stsCalls };
}

export interface Outage {
  readonly decidedMs: readonly number[];
  readonly expected: number;
  readonly memory: readonly ReplicaMemory[];
}

/**
 * The API server is away for ten seconds and has then lost its history, so that everything is listed again. Milliseconds from
 * its return until Pods that were scheduled meanwhile were decided.
 */
export async function restartApiServer({ cluster, agents, replicas }: ScaleRun): Promise<Outage> {
  await agents.call.clear(undefined);
  await cluster.call.takeScheduled(undefined);
  await cluster.call.goDown(undefined);
  await sleep(API_AWAY_MS);
  const missed = await cluster.call.takeScheduled(undefined);
  const backMs = sharedNowMs();
  await cluster.call.comeBack(undefined);
  const began = missed.map(([uid]) => [uid, backMs] as const);
  let decidedMs: number[] = [];
  while (decidedMs.length < missed.length && sharedNowMs() - backMs < RECOVERY_WITHIN_MS) {
    await sleep(SETTLE_MS);
    decidedMs = delays(began, (await agents.call.observed(undefined)).allowed);
  }
  return { decidedMs, expected: missed.length, memory: await memoryOf(replicas) };
}

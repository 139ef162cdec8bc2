import { setTimeout as sleep } from 'node:timers/promises';
import { SERVER_NAME } from '@rolegate/sandbox';
import type { RawAgent } from '../children/streams.ts';
import { nodeName, podObject, podUid, roleName } from '../cluster-objects.ts';
import type { BenchWorld, Running } from '../world.ts';
import { cpuMs } from '../process-usage.ts';
import { cpuEach, rowOf, say } from '../row.ts';
import type { Row } from '../row.ts';
import { startStandIns, startStreams } from './stand-ins.ts';
import type { StandIns } from './stand-ins.ts';

/** AWS's quota for an account and region. Calls per second. */
const STS_RATE = 600;
/** Cached credentials that are due for renewal. */
const LIFETIME_MS = 3_600_000;
const REMAINING_MS = 0.45 * LIFETIME_MS;
/** The burst is used up by then, and renewals wait. */
const NEW_POD_AFTER_MS = 1_500;

interface Setup extends Pick<StandIns, 'cluster' | 'sts'> {
  readonly bench: BenchWorld;
  readonly server: Running;
  readonly agent: RawAgent;
}

/**
 * One round with the server's default bucket and a stand-in that throttles like STS: first all sessions are new, then all are due for
 * renewal and a new Pod starts.
 */
export async function budget(bench: BenchWorld): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const count = bench.options.quick ? 100 : 1_000;
  const size = { pods: count, nodes: 1, roles: count };
  const { cluster, sts, kubeconfig, stsEndpoint } = await startStandIns(bench, size, stack);
  await sts.call.throttleAbove(STS_RATE);
  const [agent] = await bench.rawAgents(1);
  if (agent === undefined) throw new Error('there is no agent');
  const start = { kubeconfig, stsEndpoint };
  const setup = { bench, cluster, sts, agent };

  const first = await bench.startServer(start);
  const cold = await coldStart({ ...setup, server: first }, count);
  await first.bundle[Symbol.asyncDispose]();
  const second = await bench.startServer(start);
  stack.use(second.bundle);
  const waitedMs = await newPodAmongRenewals({ ...setup, server: second }, cold.sessionIds);
  return [
    rowOf({
      what: `${count} sessions, default bucket, STS takes ${STS_RATE}/s: throttled`,
      values: [cold.throttled],
      say: say.count,
      note: `${cold.calls} calls in ${say.seconds(cold.tookMs)}`,
      cpu: cpuEach(cold.cpuMs, count, 'a session'),
      atMost: 0,
    }),
    rowOf({
      what: `a new Pod behind ${count} renewals, default bucket: its credentials`,
      values: [waitedMs],
      say: say.ms,
      note: 'STS 50 ms, 100 tokens a second',
    }),
  ];
}

async function coldStart({ bench, server, sts, agent }: Setup, count: number) {
  await server.bundle.untilAnswers(server.opsPort);
  await using streams = await startStreams();
  const before = await cpuMs(server.bundle.pid);
  await streams.call.open({ port: server.port, serverName: SERVER_NAME, ca: bench.ca, agents: [agent] });
  const tookMs = await streams.call.sessions(count);
  const used = (await cpuMs(server.bundle.pid)) - before;
  const { failures, sessionIds } = await streams.call.observed(undefined);
  const { calls } = await sts.call.counts(undefined);
  return {
    tookMs,
    sessionIds,
    calls,
    cpuMs: used,
    throttled: (failures['StsThrottled'] ?? 0) + (calls - count),
  };
}

/** Measures how long a new Pod waits when a new server with a full bucket gets many sessions that are due for renewal. */
async function newPodAmongRenewals(
  { bench, server, cluster, agent }: Setup,
  sessionIds: readonly string[],
): Promise<number> {
  await server.bundle.untilAnswers(server.opsPort);
  await using streams = await startStreams();
  const cached = sessionIds.map((sessionId) => ({
    sessionId,
    fingerprint: 'of-previous-credentials',
    remainingMs: REMAINING_MS,
    lifetimeMs: LIFETIME_MS,
  }));
  const agents = [{ ...agent, held: cached }];
  await streams.call.open({ port: server.port, serverName: SERVER_NAME, ca: bench.ca, agents });
  await sleep(NEW_POD_AFTER_MS);
  const index = sessionIds.length;
  const startMs = performance.now();
  await cluster.call.apply(podObject({ index, node: nodeName(0), role: roleName(index) }));
  await streams.call.podSession(podUid(index));
  return performance.now() - startMs;
}

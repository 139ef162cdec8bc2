import { SERVER_NAME } from '@rolegate/sandbox';
import type { Child } from '../../processes/start-child.ts';
import { startChild } from '../../processes/start-child.ts';
import type { ClusterCalls } from '../children/cluster.ts';
import type { RawAgent, StreamsCalls } from '../children/streams.ts';
import type { StsCalls } from '../children/sts.ts';
import { nodeName, podObject, podUid, roleName } from '../cluster-objects.ts';
import type { BenchWorld, Running } from '../world.ts';
import { cpuMs } from '../process-usage.ts';
import { cpuEach, rowOf, say } from '../row.ts';
import type { Row } from '../row.ts';

/** AWS's own, for an account and region. Calls a second. */
const STS_RATE = 600;
/** Of credentials that live for an hour: what an agent still holds, and what is due for renewal. Milliseconds. */
const LIFETIME_MS = 3_600_000;
const REMAINING_MS = 0.45 * LIFETIME_MS;
/** When the burst is used up and renewals wait. Milliseconds. */
const NEW_POD_AFTER_MS = 1_500;

interface Stand {
  readonly bench: BenchWorld;
  readonly server: Running;
  readonly cluster: Child<ClusterCalls>;
  readonly sts: Child<StsCalls>;
  readonly agent: RawAgent;
}

/**
 * Once, with the server's default bucket, before a stand-in that throttles as STS does: everything is wanted at once;
 * then everything is due for renewal, and a new Pod comes.
 */
export async function budget(bench: BenchWorld): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const count = bench.options.quick ? 100 : 1_000;
  const cluster = stack.use(
    await startChild<ClusterCalls>(new URL('../children/cluster.ts', import.meta.url)),
  );
  const sts = stack.use(await startChild<StsCalls>(new URL('../children/sts.ts', import.meta.url)));
  await sts.call.throttleAbove(STS_RATE);
  const kubeconfig = await bench.writeKubeconfig(
    await cluster.call.fill({ pods: count, nodes: 1, roles: count }),
  );
  const [agent] = await bench.rawAgents(1);
  if (agent === undefined) throw new Error('there is no agent');
  const start = { kubeconfig, stsEndpoint: await sts.call.url(undefined) };
  const stand = { bench, cluster, sts, agent };

  const first = await bench.startServer(start);
  const cold = await coldStart({ ...stand, server: first }, count);
  await first.bundle[Symbol.asyncDispose]();
  const second = await bench.startServer(start);
  stack.use(second.bundle);
  const waitedMs = await newPodAmongRenewals({ ...stand, server: second }, cold.sessionIds);
  return [
    rowOf({
      what: `${count} sessions, default bucket, STS takes ${STS_RATE}/s: throttled`,
      values: [cold.throttled],
      say: say.count,
      beside: `${cold.calls} calls in ${say.seconds(cold.tookMs)}`,
      cpu: cpuEach(cold.cpuMs, count, 'a session'),
      atMost: 0,
    }),
    rowOf({
      what: `a new Pod behind ${count} renewals, default bucket: its credentials`,
      values: [waitedMs],
      say: say.ms,
      beside: 'STS 50 ms, 100 tokens a second',
    }),
  ];
}

async function coldStart({ bench, server, sts, agent }: Stand, count: number) {
  await server.bundle.untilAnswers(server.opsPort);
  await using streams = await startChild<StreamsCalls>(new URL('../children/streams.ts', import.meta.url));
  const before = await cpuMs(server.bundle.pid);
  await streams.call.open({ port: server.port, serverName: SERVER_NAME, ca: bench.ca, agents: [agent] });
  const tookMs = await streams.call.sessions(count);
  const used = (await cpuMs(server.bundle.pid)) - before;
  const { failures, sessionIds } = await streams.call.seen(undefined);
  const { calls } = await sts.call.counts(undefined);
  return {
    tookMs,
    sessionIds,
    calls,
    cpuMs: used,
    throttled: (failures['StsThrottled'] ?? 0) + (calls - count),
  };
}

/** The server has just started: what its agent holds is due, and its bucket is full. Gives what a new Pod waited. */
async function newPodAmongRenewals(
  { bench, server, cluster, agent }: Stand,
  sessionIds: readonly string[],
): Promise<number> {
  await server.bundle.untilAnswers(server.opsPort);
  await using streams = await startChild<StreamsCalls>(new URL('../children/streams.ts', import.meta.url));
  const held = sessionIds.map((sessionId) => ({
    sessionId,
    fingerprint: 'of-former-credentials',
    remainingMs: REMAINING_MS,
    lifetimeMs: LIFETIME_MS,
  }));
  const agents = [{ ...agent, held }];
  await streams.call.open({ port: server.port, serverName: SERVER_NAME, ca: bench.ca, agents });
  await new Promise((resolve) => setTimeout(resolve, NEW_POD_AFTER_MS));
  const index = sessionIds.length;
  const startMs = performance.now();
  await cluster.call.apply(podObject({ index, node: nodeName(0), role: roleName(index) }));
  await streams.call.podSession(podUid(index));
  return performance.now() - startMs;
}

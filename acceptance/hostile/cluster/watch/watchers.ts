import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from '../../../processes/start-child.ts';
import type { ProbeCalls, ProbeSpec } from '../../clients/calls.ts';
import { programProblems, memory } from '../../judge.ts';
import { httpProbes } from '../../../chart-programs/http-probes.ts';
import type { AttackWatchers } from '../../attack.ts';
import type { AttackReport } from '../../watch/observations.ts';
import type { Cluster } from '../cluster.ts';
import { stable } from '../honest.ts';
import { recover, STARTED_WITHIN_MS } from '../../recover.ts';
import { changeOnce, keepChanging } from './changes.ts';
import { readCpuTimes, shareBetween } from './cpu-share.ts';
import { createNewPods } from './new-pods.ts';
import type { ServerObservations } from './observations.ts';
import { watchServerMemory } from './server-memory.ts';

/** Often enough to notice a stall of half a second. Milliseconds. */
const PROBE_EVERY_MS = 500;
/** How long effects are observed after an attack. Milliseconds. */
const AFTER_MS = 1_500;
/** Time to recover before the program is restarted. Milliseconds. */
const RECOVERED_WITHIN_MS = 15_000;
const CHECK_EVERY_MS = 50;
/** Sessions are renewed at 40 to 48 % of their lifetime. */
const HEALTHY_SHARE = 0.48;

export interface ServerWatchers extends AttackWatchers<ServerObservations> {
  /** Restarts the server with the existing objects. */
  readonly restart: (options: RestartOptions) => Promise<AttackReport>;
}

export interface RestartOptions {
  /** Maximum time until every agent has its sessions. Milliseconds. */
  readonly withinMs?: number;
}

/** Starts the measuring processes; they end with the stack. */
export async function startServerWatchers(
  cluster: Cluster,
  stack: AsyncDisposableStack,
): Promise<ServerWatchers> {
  const { environment, server, feeds } = cluster;
  const script = new URL('../../clients/probes.ts', import.meta.url);
  const through = [...environment.groups.watchers.enter, ...environment.enter];
  const prober = stack.use(await startChild<ProbeCalls>(script, { through }));
  const probes = httpProbes(server.chart.probes, '127.0.0.1').map(({ kind, ...probe }): ProbeSpec => ({
    name: kind,
    everyMs: PROBE_EVERY_MS,
    ...probe,
  }));
  const newPods = createNewPods(cluster);

  async function expectSessions(): Promise<void> {
    const { synced, valid } = await feeds.state(undefined);
    const failures = await prober.call.once(probes);
    if (synced < cluster.streams() || valid < stable.length || failures.length > 0)
      throw new Error(
        `${synced} streams are synced, ${valid} sessions are valid; ${failures.join('; ') || 'all probes succeed'}`,
      );
  }

  /** Checks that changes of every kind take effect and that no session is overdue for renewal. */
  async function expectFresh(): Promise<void> {
    await expectSessions();
    const { leastShare } = await feeds.state(undefined);
    if (leastShare < HEALTHY_SHARE) throw new Error(`a session has ${leastShare} of its lifetime left`);
    const times = [
      await changeOnce(cluster, 0),
      await changeOnce(cluster, 1),
      await newPods.serveOne(),
    ].flat();
    if (times.includes(undefined)) throw new Error('changes did not take effect within 5 s');
  }

  const untilServed = () =>
    recover([server], { check: expectFresh, withinMs: RECOVERED_WITHIN_MS, everyMs: CHECK_EVERY_MS });

  async function during(attack: () => Promise<AttackReport>) {
    const [startMs, loggedBytes] = [performance.now(), environment.loggedBytes()];
    const cpu = await readCpuTimes(server.pid());
    const stop = new AbortController();
    await prober.call.begin(probes);
    await feeds.begin(undefined);
    const disturbances = Promise.all([keepChanging(cluster, stop.signal), newPods.keepCreating(stop.signal)]);
    const { result, program } = await observeServer(cluster, async () => {
      const [attacked] = await Promise.allSettled([attack()]);
      await sleep(AFTER_MS);
      return attacked;
    });
    stop.abort();
    const [changes, created] = await disturbances;
    const { probes: probed, timerDelay } = await prober.call.end(undefined);
    const feedsResult = await feeds.end(undefined);
    if (result.status === 'rejected') throw result.reason;
    const observed: ServerObservations = {
      changes,
      newPods: created,
      feeds: feedsResult,
      durationMs: performance.now() - startMs,
      sessions: stable.length,
      probes: probed,
      timerDelay,
      server: program,
      afterBytes: await server.group.usedBytes(),
      loggedBytes: environment.loggedBytes() - loggedBytes,
      cpuShare: shareBetween(cpu, await readCpuTimes(server.pid())),
    };
    return { observed, report: result.value };
  }

  return {
    untilServed,
    during,
    restart: (options) => restartServer(cluster, expectSessions, options),
  };
}

/** Observes memory, exits and OOM kills of the server during an action. */
async function observeServer<Result>(cluster: Cluster, action: () => Promise<Result>) {
  const { server } = cluster;
  const before = { ends: server.unexpectedEnds.length, oomKills: await server.group.oomKills() };
  const memoryWatch = watchServerMemory(cluster);
  const [ran] = await Promise.allSettled([action()]);
  const program = {
    peak: await memoryWatch.end(),
    limitBytes: server.chart.memoryLimitBytes,
    ends: server.unexpectedEnds.slice(before.ends),
    oomKills: (await server.group.oomKills()) - before.oomKills,
  };
  if (ran.status === 'rejected') throw ran.reason;
  return { result: ran.value, program };
}

/** Restarts the server and waits until `check` succeeds or the server ends. */
async function restartServer(
  cluster: Cluster,
  check: () => Promise<void>,
  { withinMs = STARTED_WITHIN_MS }: RestartOptions,
): Promise<AttackReport> {
  const { server } = cluster;
  await server.stop();
  const startMs = performance.now();
  const { result: isBack, program } = await observeServer(cluster, async () => {
    const before = server.unexpectedEnds.length;
    server.start();
    while (performance.now() - startMs < withinMs && server.unexpectedEnds.length === before) {
      if (await succeeds(check)) return true;
      await sleep(CHECK_EVERY_MS);
    }
    return false;
  });
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
  const summary = isBack ? `back after ${seconds} s` : `not back after ${seconds} s`;
  return {
    summary: `${summary}, ${memory(program)}`,
    problems: [
      ...(isBack ? [] : [`restarted, the server is ${summary}`]),
      ...programProblems('server', program).map((problem) => `restarted: ${problem}`),
    ],
  };
}

async function succeeds(check: () => Promise<void>): Promise<boolean> {
  try {
    await check();
    return true;
  } catch {
    return false;
  }
}

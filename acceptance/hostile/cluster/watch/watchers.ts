import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@rolegate/testing';
import { startChild } from '../../../processes/start-child.ts';
import type { ProbeCalls, ProbeOrder } from '../../clients/orders.ts';
import { faultsOfProgram, memory } from '../../judge.ts';
import type { ChartContainer } from '../../../chart-programs/chart.ts';
import type { AttackWatchers } from '../../attack.ts';
import type { AttackReport } from '../../watch/seen.ts';
import type { Cluster } from '../cluster.ts';
import { kept } from '../honest.ts';
import { changeOnce, keepChanging } from './changes.ts';
import { readCpuTimes, shareBetween } from './cpu-share.ts';
import { createNewcomers } from './newcomers.ts';
import type { ServerSeen } from './seen.ts';
import { watchServerMemory } from './server-memory.ts';

/** Often enough for a stall of half a second to meet one. Milliseconds. */
const PROBE_EVERY_MS = 500;
/** How long after its end an attack may still harm. Milliseconds. */
const AFTER_MS = 1_500;
/** What was attacked recovers by itself, or is started again as kubelet would. Milliseconds. */
const RECOVERED_WITHIN_MS = 15_000;
/** A start on a busy machine. Milliseconds. */
const STARTED_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 50;
/** Renewals are made at 40 to 48 % of a life. */
const HEALTHY_SHARE = 0.48;

export interface ServerWatchers extends AttackWatchers<ServerSeen> {
  /** Starts the server again on the objects that are there now. */
  readonly restart: (options: RestartOptions) => Promise<AttackReport>;
}

export interface RestartOptions {
  /** How long it may take until everybody has what is theirs. Milliseconds. */
  readonly withinMs?: number;
}

/** Starts those who measure; they end with the stack. */
export async function startServerWatchers(
  cluster: Cluster,
  stack: AsyncDisposableStack,
): Promise<ServerWatchers> {
  const { ground, server, feeds } = cluster;
  const script = new URL('../../clients/probes.ts', import.meta.url);
  const through = [...ground.groups.watchers.enter, ...ground.enter];
  const prober = stack.use(await startChild<ProbeCalls>(script, { through }));
  const probes = probeOrders(server.chart);
  const newcomers = createNewcomers(cluster);

  async function expectHeld(): Promise<void> {
    const { synced, held } = await feeds.state(undefined);
    const failures = await prober.call.once(probes);
    if (synced < cluster.streams() || held < kept.length || failures.length > 0)
      throw new Error(
        `${synced} streams are synced, ${held} sessions are held; ${failures.join('; ') || 'all probes succeed'}`,
      );
  }

  /** Through the watch of every kind; and nothing is left of what was done to renewals before. */
  async function expectFresh(): Promise<void> {
    await expectHeld();
    const { leastShare } = await feeds.state(undefined);
    if (leastShare < HEALTHY_SHARE) throw new Error(`a session has ${leastShare} of its life left`);
    const times = [await changeOnce(cluster, 0), await changeOnce(cluster, 1), await newcomers.one()].flat();
    if (times.includes(undefined)) throw new Error('changes are not in force after 5 s');
  }

  async function untilServed(): Promise<void> {
    server.start();
    try {
      await eventually(expectFresh, { withinMs: RECOVERED_WITHIN_MS, everyMs: LOOK_EVERY_MS });
    } catch {
      await server.stop('kill');
      server.start();
      await eventually(expectFresh, { withinMs: STARTED_WITHIN_MS, everyMs: LOOK_EVERY_MS });
    }
  }

  async function watched<Result>(run: () => Promise<Result>) {
    const before = { ends: server.unexpectedEnds.length, oomKills: await server.group.oomKills() };
    const needed = watchServerMemory(cluster);
    const [ran] = await Promise.allSettled([run()]);
    const program = {
      high: await needed.end(),
      limitBytes: server.chart.memoryLimitBytes,
      ends: server.unexpectedEnds.slice(before.ends),
      oomKills: (await server.group.oomKills()) - before.oomKills,
    };
    if (ran.status === 'rejected') throw ran.reason;
    return { result: ran.value, program };
  }

  async function during(attack: () => Promise<AttackReport>) {
    const [startMs, loggedBytes] = [performance.now(), ground.loggedBytes()];
    const cpu = await readCpuTimes(server.pid());
    const stop = new AbortController();
    await prober.call.begin(probes);
    await feeds.begin(undefined);
    const going = Promise.all([keepChanging(cluster, stop.signal), newcomers.keepComing(stop.signal)]);
    const { result, program } = await watched(async () => {
      const [attacked] = await Promise.allSettled([attack()]);
      await sleep(AFTER_MS);
      return attacked;
    });
    stop.abort();
    const [changes, come] = await going;
    const { probes: probed, late } = await prober.call.end(undefined);
    const held = await feeds.end(undefined);
    if (result.status === 'rejected') throw result.reason;
    const seen: ServerSeen = {
      changes,
      newcomers: come,
      feeds: held,
      lastedMs: performance.now() - startMs,
      sessions: kept.length,
      probes: probed,
      late,
      server: program,
      afterBytes: await server.group.usedBytes(),
      loggedBytes: ground.loggedBytes() - loggedBytes,
      cpuShare: shareBetween(cpu, await readCpuTimes(server.pid())),
    };
    return { seen, report: result.value };
  }

  async function restart({ withinMs = STARTED_WITHIN_MS }: RestartOptions): Promise<AttackReport> {
    await server.stop();
    const startMs = performance.now();
    const { result: isBack, program } = await watched(async () => {
      const before = server.unexpectedEnds.length;
      server.start();
      while (performance.now() - startMs < withinMs && server.unexpectedEnds.length === before) {
        if (await holds(expectHeld)) return true;
        await sleep(LOOK_EVERY_MS);
      }
      return false;
    });
    const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
    const said = isBack ? `back after ${seconds} s` : `not back after ${seconds} s`;
    return {
      said: `${said}, ${memory(program)}`,
      faults: [
        ...(isBack ? [] : [`started again, the server is ${said}`]),
        ...faultsOfProgram('server', program).map((fault) => `started again: ${fault}`),
      ],
    };
  }

  return { untilServed, during, restart };
}

async function holds(check: () => Promise<void>): Promise<boolean> {
  try {
    await check();
    return true;
  } catch {
    return false;
  }
}

/** Those of the chart by HTTP, as kubelet makes them. */
function probeOrders({ probes }: ChartContainer): ProbeOrder[] {
  return probes.flatMap((probe) => {
    if (probe.by === 'exec' || probe.kind === 'startup') return [];
    const { kind, host = '127.0.0.1', port, path, timeoutMs } = probe;
    return [{ name: kind, everyMs: PROBE_EVERY_MS, url: `http://${host}:${port}${path}`, timeoutMs }];
  });
}

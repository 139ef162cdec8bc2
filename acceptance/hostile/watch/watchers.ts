import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from '../../processes/start-child.ts';
import type { ProbeCalls } from '../clients/calls.ts';
import { programNames } from '../../chart-programs/node-programs.ts';
import type { ProgramName } from '../../chart-programs/node-programs.ts';
import type { HostileNode } from '../node/world.ts';
import type { AttackWatchers } from '../attack.ts';
import { recover } from '../recover.ts';
import { watchMemory } from './memory.ts';
import { startOthers } from './others.ts';
import { chartProbes } from './chart-probes.ts';
import type { AttackReport, ProgramObservations, Observations } from './observations.ts';

/** How long effects are observed after an attack. Milliseconds. */
const AFTER_MS = 2_000;
/** Time to recover before programs are restarted. Milliseconds. */
const RECOVERED_WITHIN_MS = 8_000;

/** Starts the honest clients and the measuring processes; they end with the stack. */
export async function startWatchers(
  world: HostileNode,
  stack: AsyncDisposableStack,
): Promise<AttackWatchers<Observations>> {
  const { groups, namespaces, programs } = world;
  const others = await startOthers(world, stack);
  const script = new URL('../clients/probes.ts', import.meta.url);
  const through = [...groups.watchers.enter, ...namespaces.enter('node')];
  const prober = stack.use(await startChild<ProbeCalls>(script, { through }));
  const probes = chartProbes(world);

  async function expectServed(): Promise<void> {
    await others.expectServed();
    const failures = await prober.call.once(probes);
    if (failures.length > 0) throw new Error(failures.join('; '));
  }

  const untilServed = () =>
    recover(
      programNames.map((name) => programs[name]),
      { check: expectServed, withinMs: RECOVERED_WITHIN_MS, everyMs: 100 },
    );

  async function during(attack: () => Promise<AttackReport>) {
    const before = await countEnds(world);
    const memory = watchMemory(world);
    await prober.call.begin(probes);
    await others.begin();
    const [attacked] = await Promise.allSettled([attack().then(pausedAfter)]);
    const [answers, probed, peak] = await Promise.all([
      others.end(),
      prober.call.end(undefined),
      memory.end(),
    ]);
    if (attacked.status === 'rejected') throw attacked.reason;
    const report = attacked.value;
    const observed: Observations = {
      others: answers,
      workers: report.workers,
      othersDisrupted: report.disruptsOthers === true,
      probes: probed.probes,
      timerDelay: probed.timerDelay,
      programs: observePrograms(world, { before, after: await countEnds(world), peak }),
    };
    return { observed, report };
  }

  return { untilServed, during };
}

async function pausedAfter(report: AttackReport): Promise<AttackReport> {
  await sleep(AFTER_MS);
  return report;
}

type Ends = Readonly<Record<ProgramName, { readonly ends: number; readonly oomKills: number }>>;

async function countEnds({ programs }: HostileNode): Promise<Ends> {
  const count = async (name: ProgramName) => ({
    ends: programs[name].unexpectedEnds.length,
    oomKills: await programs[name].group.oomKills(),
  });
  return {
    agent: await count('agent'),
    reconcile: await count('reconcile'),
    server: await count('server'),
  };
}

function observePrograms(
  { programs }: HostileNode,
  {
    before,
    after,
    peak,
  }: { before: Ends; after: Ends; peak: Readonly<Record<ProgramName, ProgramObservations['peak']>> },
): Observations['programs'] {
  const observed = (name: ProgramName): ProgramObservations => ({
    peak: peak[name],
    limitBytes: programs[name].chart.memoryLimitBytes,
    ends: programs[name].unexpectedEnds.slice(before[name].ends),
    oomKills: after[name].oomKills - before[name].oomKills,
  });
  return { agent: observed('agent'), reconcile: observed('reconcile'), server: observed('server') };
}

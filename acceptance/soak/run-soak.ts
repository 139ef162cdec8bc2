import { describeError } from '@rolegate/runtime';
import { lastLines, openFolder, untilAborted } from '@rolegate/testing';
import type { ProgramLine } from '@rolegate/testing';
import type { ChurnRecord } from './churn/churn-pod.ts';
import { startChurn } from './churn/churn.ts';
import { allFaults } from './faults/all-faults.ts';
import type { SoakFault, SoakWorld } from './faults/soak-fault.ts';
import { createTroubleLog } from './faults/trouble.ts';
import { changesOf } from './judge/levels.ts';
import type { Change } from './judge/levels.ts';
import { growthsOf } from './judge/memory.ts';
import type { Growth } from './judge/memory.ts';
import { planFaults } from './plan/fault-plan.ts';
import { phasesOf } from './plan/phases.ts';
import type { Phases } from './plan/phases.ts';
import { createRandom } from './plan/random.ts';
import { askUntil, runFaults, serveFromBoth } from './run-faults.ts';
import type { FaultsRecord } from './run-faults.ts';
import { measureLevels } from './watch/levels.ts';
import { startMemoryLog } from './watch/memory-log.ts';
import { programsOf } from './watch/programs.ts';
import { useSoakWorld } from './world.ts';

export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  /** This process is root in a network namespace of its own. */
  readonly hasReconcile: boolean;
}

export interface SoakResult {
  /** How often each fault was injected. */
  readonly faults: Readonly<Record<string, number>>;
  readonly changes: number;
  readonly requests: number;
  readonly served: number;
  readonly allowedFailures: number;
  readonly longestRecoveryMs: number;
  readonly problems: FaultsRecord['problems'] & { readonly newPods: readonly string[] };
  /** Undefined: the run was too short, or ended early. */
  readonly growths: readonly Growth[] | undefined;
  /** Undefined: the run ended early. */
  readonly levels: readonly Change[] | undefined;
}

/** Kept log lines. */
const MOST_LINES = 200;

export async function runSoak(
  { minutes, seed, hasReconcile }: SoakOptions,
  { print, signal }: { readonly print: (line: string) => void; readonly signal: AbortSignal },
): Promise<SoakResult> {
  await using stack = new AsyncDisposableStack();
  const folder = await openFolder('rolegate-soak-', stack);
  const lines: ProgramLine[] = [];
  const onLine = (program: string, line: string) => {
    if (lines.push({ program, line }) > MOST_LINES) lines.shift();
  };
  const { result } = await useSoakWorld({ folder, hasReconcile, onLine }, async (soak) => ({
    result: await soakIn(soak, { minutes, seed, folder, print, signal }),
    problems: [],
  }));
  if (result.levels === undefined) for (const line of lastLines(lines)) print(line);
  return result;
}

interface SoakInOptions extends Omit<SoakOptions, 'hasReconcile'> {
  readonly folder: string;
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

async function soakIn(
  soak: SoakWorld,
  { minutes, seed, folder, print, signal }: SoakInOptions,
): Promise<SoakResult> {
  const programs = () => programsOf(soak);
  const [record, churned] = [emptyRecord(), emptyChurnRecord()];
  const memory = startMemoryLog(programs, folder);
  const startMs = performance.now();
  const phases = phasesOf(minutes);
  const timed = (line: string) => {
    print(`${((performance.now() - startMs) / 1000).toFixed(0).padStart(5)} s  ${line}`);
  };
  let levels: readonly Change[] | undefined;
  try {
    const options = { soak, phases, startMs, seed, folder, record, churned, print: timed, signal };
    levels = await Promise.race([runPhases(options), untilAborted(signal)]);
  } catch (error) {
    signal.throwIfAborted();
    record.problems.recovery.push(`the run ended early: ${describeError(error)}`);
  } finally {
    await memory.stop();
  }
  const { judgedFromMs, churnEndsMs } = phases;
  const { requests, problems, allowedFailures, longestRecoveryMs } = record;
  return {
    faults: Object.fromEntries(record.count),
    changes: churned.changes,
    requests: requests + churned.requests,
    served: churned.served,
    allowedFailures: allowedFailures.length,
    longestRecoveryMs,
    problems: { ...problems, newPods: churned.problems },
    growths:
      judgedFromMs === undefined || levels === undefined
        ? undefined
        : growthsOf(memory.samples, { fromMs: startMs + judgedFromMs, toMs: startMs + churnEndsMs }),
    levels,
  };
}

interface PhasesOptions extends Omit<SoakInOptions, 'minutes'> {
  readonly soak: SoakWorld;
  readonly phases: Phases;
  readonly startMs: number;
  readonly record: FaultsRecord;
  readonly churned: ChurnRecord;
}

/** Returns the levels after the first churn and after the second. */
async function runPhases(options: PhasesOptions): Promise<readonly Change[]> {
  const { soak, phases, startMs, seed, folder, record, churned, print, signal } = options;
  const trouble = createTroubleLog();
  const moreKeys = () => {
    const keys = [...churned.keys.values()];
    churned.keys.clear();
    return keys;
  };
  const asking = { soak, trouble, record, moreKeys, print, signal };
  const all = allFaults({ hasReconcile: soak.reconcile !== undefined });

  async function churnUntil(endsMs: number, faults: readonly SoakFault[]): Promise<void> {
    // With sequences of their own, so that one does not depend on how far another has come.
    const random = (number: number) => createRandom(seed + endsMs + number);
    const churn = startChurn({ world: soak.world, random: random(1), trouble, record: churned });
    try {
      await runFaults({ ...asking, plan: planFaults(faults, random(2)), untilMs: startMs + endsMs });
    } finally {
      await churn.stop();
    }
  }

  await churnUntil(phases.stormEndsMs, all);
  print('no churn and no faults; from now on no process is ended');
  await serveFromBoth(soak, trouble);
  await askUntil(asking, startMs + phases.pauseEndsMs);
  const before = await measureLevels(programsOf(soak), folder);
  await churnUntil(
    phases.churnEndsMs,
    all.filter(({ restarts }) => !restarts),
  );
  print('the churn and the faults have ended');
  await askUntil(asking, startMs + phases.calmEndsMs);
  return changesOf(before, await measureLevels(programsOf(soak), folder));
}

function emptyRecord(): FaultsRecord {
  return {
    count: new Map(),
    requests: 0,
    allowedFailures: [],
    problems: { ownRole: [], running: [], life: [], recovery: [] },
    longestRecoveryMs: 0,
  };
}

function emptyChurnRecord(): ChurnRecord {
  return { changes: 0, requests: 0, served: 0, problems: [], keys: new Map() };
}

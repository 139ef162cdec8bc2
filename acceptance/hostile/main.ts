import { parseArgs } from 'node:util';
import { describeError } from '@rolegate/runtime';
import {
  describeMachine,
  EXIT_SKIPPED,
  exitCodeOf,
  markdownTable,
  runSteps,
  suiteSignal,
  summaryOf,
  writeReport,
} from '@rolegate/testing';
import type { Outcome, Row } from '@rolegate/testing';
import { tableHead } from './judge.ts';
import { openWorld } from './node/world.ts';
import { findPython, missingForHostile } from './requirements.ts';
import { scenario } from './scenario.ts';
import type { HostileStep } from './scene.ts';
import { startWatchers } from './watch/watchers.ts';

const SUITE = 'test:hostile';
const USAGE = `npm run ${SUITE} [-- OPTIONS]

Attacks the built programs as an unprivileged Pod, a Namespace and another node can, in network namespaces and control groups made
for it, as root, and fails if anybody but the attacker notices. Nothing leads out of them.
  --only PATTERN     only the attacks whose titles match
  --seconds N        how long an attack lasts (default: 4); those that last otherwise keep their proportion
  --report FILE      writes the table into the file, between its two markers

Exit code ${EXIT_SKIPPED}: this machine cannot run it.`;

const DEFAULT_SECONDS = 4;
/** Whatever hangs, the run ends. It takes under 4 minutes, longer only if programs have to be started again. Milliseconds. */
const LONGEST_MS = { fixed: 300_000, eachSecond: 40_000 };

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      seconds: { type: 'string', default: String(DEFAULT_SECONDS) },
      report: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const seconds = Number(values.seconds);
  const pattern = new RegExp(values.only, 'i');
  const steps = scenario.filter(({ title }) => pattern.test(title));
  if (values.help || !(seconds > 0) || steps.length === 0) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const reasons = await missingForHostile(`rg${process.pid}`);
  if (reasons.length > 0) {
    for (const reason of reasons) console.log(`skipped: ${reason}`);
    console.log(summaryOf({ passed: 0, failed: 0, skipped: steps.length, notRun: 0 }));
    return EXIT_SKIPPED;
  }
  const machine = describeMachine(new Date());
  const { outcome, rows } = await run(steps, seconds);
  const table = markdownTable(tableHead, rows);
  console.log(`\n${table}\n\n${machine}`);
  if (values.report !== undefined)
    await writeReport(values.report, SUITE, `Measured on ${machine}.\n\n${table}`);
  console.log(summaryOf(outcome));
  return exitCodeOf(outcome);
}

async function run(
  steps: readonly HostileStep[],
  seconds: number,
): Promise<{ outcome: Outcome; rows: readonly Row[] }> {
  const signal = suiteSignal(LONGEST_MS.fixed + LONGEST_MS.eachSecond * seconds);
  const rows: Row[] = [];
  await using stack = new AsyncDisposableStack();
  const world = stack.use(await openWorld(`rg${process.pid}`));
  await world.programs.intercept();
  const watchers = await startWatchers(world, stack);
  const outcome = await runSteps({
    steps,
    scene: { ...world, watchers, stretch: seconds / DEFAULT_SECONDS, python: await findPython(), rows },
    print: console.log,
    signal,
  });
  return { outcome, rows };
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`${SUITE}: ${describeError(error)}`);
  process.exitCode = 2;
}

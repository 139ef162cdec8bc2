import { randomInt } from 'node:crypto';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import {
  describeMachine,
  exitCodeOf,
  outputOf,
  runSteps,
  suiteSignal,
  summaryOf,
  untilAborted,
  writeReport,
} from '@rolegate/testing';
import { createNamespaces } from '../network/namespaces.ts';
import { missingHere } from '../network/requirements.ts';
import { runSuite } from '../processes/run-suite.ts';
import { startChild } from '../processes/start-child.ts';
import type { SoakOptions, SoakResult } from './run-soak.ts';
import type { SoakCalls } from './soak-child.ts';
import { stepsOf } from './steps.ts';
import { faultsTable, levelsTable, memoryTable, summaryText } from './table.ts';

const SUITE = 'test:soak';
const DEFAULT_MINUTES = 30;
const LEAST_MINUTES = 2;
const USAGE = `npm run ${SUITE} [-- OPTIONS]

Runs servers, an agent and, as root, reconcile, while Pods, Namespaces and ServiceAccounts come and go and components fail at random.
Judges the answers to Pods all along; at the end, whether memory, descriptors, timers or entries of maps have grown.
  --minutes N        duration (default: ${DEFAULT_MINUTES}, at least ${LEAST_MINUTES}); memory is judged from 22 minutes on
  --seed N           repeats the sequence of faults of a former run (default: a new one)
  --report FILE      writes the tables between the markers in this file`;

/** Beyond the duration, for start and end. Milliseconds. */
const MORE_MS = 1_000_000;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: String(DEFAULT_MINUTES) },
      seed: { type: 'string', default: String(randomInt(1_000_000)) },
      report: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
  if (values.help || !(minutes >= LEAST_MINUTES) || !Number.isInteger(seed)) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const { reasons } = await missingHere();
  for (const reason of reasons) console.log(`without reconcile: ${reason}`);
  const options: SoakOptions = { minutes, seed, hasReconcile: reasons.length === 0 };
  console.log(`${minutes} minutes, seed ${seed}`);
  const machine = describeMachine(new Date());
  const signal = suiteSignal(minutes * 60_000 + MORE_MS);
  const result = await runInChild(options, signal);
  const outcome = await runSteps({
    steps: stepsOf(result),
    world: { lines: [] },
    print: console.log,
    signal,
  });
  const report = reportOf(options, result);
  console.log(`\n${report}\n`);
  if (values.report !== undefined) {
    const commit = (await outputOf(['git', 'rev-parse', '--short', 'HEAD'])).trim();
    const head = `Measured on ${machine}, after it ${(loadavg()[0] ?? 0).toFixed(1)}; commit ${commit}.`;
    await writeReport(values.report, SUITE, `${head}\n\n${report}`);
  }
  console.log(summaryOf(outcome));
  return exitCodeOf(outcome);
}

/** In a network namespace that has only loopback, if there is one for `reconcile`. */
async function runInChild(options: SoakOptions, signal: AbortSignal): Promise<SoakResult> {
  await using stack = new AsyncDisposableStack();
  const script = new URL('soak-child.ts', import.meta.url);
  const through = options.hasReconcile ? await enterNamespace(stack) : [];
  const child = stack.use(await startChild<SoakCalls>(script, { through }));
  return await Promise.race([child.call.run(options), untilAborted(signal)]);
}

async function enterNamespace(stack: AsyncDisposableStack): Promise<readonly string[]> {
  const namespaces = stack.use(createNamespaces({ prefix: `rgs${process.pid}` }));
  await namespaces.make('node');
  await namespaces.ip('node', ['link set lo up']);
  return namespaces.enter('node');
}

function reportOf(options: SoakOptions, result: SoakResult): string {
  const { growths, levels } = result;
  return [
    summaryText(options, result),
    ...(growths === undefined ? [] : [memoryTable(growths)]),
    ...(levels === undefined ? [] : [levelsTable(levels)]),
    faultsTable(result),
  ].join('\n\n');
}

await runSuite(SUITE, main);

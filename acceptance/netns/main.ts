import { parseArgs } from 'node:util';
import { EXIT_SKIPPED, exitCodeOf, runSteps, suiteSignal, summaryOf, sumOfOutcomes } from '@rolegate/testing';
import type { Outcome } from '@rolegate/testing';
import { runSuite } from '../processes/run-suite.ts';
import { interpreterOf, pythonWithBoto3 } from '../processes/python.ts';
import { missingHere } from '../network/requirements.ts';
import { backends } from './rules.ts';
import type { Backend } from './rules.ts';
import { allSteps } from './all-steps.ts';
import type { NetnsStep } from './step.ts';
import { openWorld } from './world.ts';
import type { WorldOptions } from './world.ts';

const USAGE = `npm run test:netns [-- OPTIONS]

Runs the built programs, as root, in temporary network namespaces: a node, its Pods, another node, and a cloud that has the
metadata addresses. They have no route to the outside.
  --only PATTERN     only the steps whose titles match
  --backend B        nft, legacy or both (default)`;

/** Ends a run that hangs. Milliseconds. */
const LONGEST_MS = 900_000;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      backend: { type: 'string', default: 'both' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const wanted = backends.filter((backend) => ['both', backend].includes(values.backend));
  if (values.help || wanted.length === 0) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const signal = suiteSignal(LONGEST_MS);
  const pattern = new RegExp(values.only, 'i');
  const steps = allSteps.filter(({ title }) => pattern.test(title));
  const { root, reasons } = await missingHere();
  if (reasons.length > 0) {
    for (const reason of reasons) console.log(`skipped: ${reason}`);
    console.log(summaryOf({ passed: 0, failed: 0, skipped: steps.length * wanted.length, notRun: 0 }));
    return root && process.env['CI'] === 'true' ? 1 : EXIT_SKIPPED;
  }
  const outcome = await runAll(steps, wanted, signal);
  console.log(summaryOf(outcome));
  return exitCodeOf(outcome);
}

async function runAll(
  steps: readonly NetnsStep[],
  wanted: readonly Backend[],
  signal: AbortSignal,
): Promise<Outcome> {
  const python = await interpreterOf(await pythonWithBoto3());
  const outcomes: Outcome[] = [];
  for (const backend of wanted) {
    const prefix = `rg${process.pid}${backend[0] ?? ''}`;
    outcomes.push(await runWith({ backend, prefix, python }, steps, signal));
  }
  return sumOfOutcomes(outcomes);
}

/** Runs the steps in a new world, which is removed even if they fail. */
async function runWith(
  options: WorldOptions,
  steps: readonly NetnsStep[],
  signal: AbortSignal,
): Promise<Outcome> {
  if (signal.aborted) return { passed: 0, failed: 0, skipped: 0, notRun: steps.length };
  await using world = await openWorld(options);
  const named = steps.map(({ title, run }) => ({ title: `${options.backend}: ${title}`, run }));
  return await runSteps({ steps: named, world, print: console.log, signal });
}

await runSuite('test:netns', main);

import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { markdownTable } from '@rolegate/runtime';
import {
  describeMachine,
  EXIT_SKIPPED,
  exitCodeOf,
  suiteSignal,
  summaryOf,
  sumOfOutcomes,
  writeReport,
} from '@rolegate/testing';
import type { Outcome } from '@rolegate/testing';
import { nodePart } from './node/part.ts';
import { runSuite } from '../processes/run-suite.ts';
import { BUILT_BUNDLES } from '../chart-programs/program-words.ts';
import type { Part, RunOptions } from './part.ts';
import { missingForHostile } from './requirements.ts';
import { strangersPart } from './strangers/part.ts';
import { tenantsPart } from './tenants/part.ts';

const SUITE = 'test:hostile';
const USAGE = `npm run ${SUITE} [-- OPTIONS]

Attacks the built programs as an unprivileged Pod, a Namespace owner, a writer of API objects, another node, a stolen node and strangers
could. Runs as root in temporary network namespaces without a route to the outside, and control groups. Fails if anyone but the attacker
is affected.
  --only PATTERN     only the attacks whose titles match
  --seconds N        duration of an attack (default: 4); attacks of a different duration are scaled
  --report FILE      writes each table between its markers in this file
  --bundles DIR      folder with the programs under test (default: dist/bundle)

Exit code ${EXIT_SKIPPED}: this machine cannot run the suite.`;

const DEFAULT_SECONDS = 4;
/** Ends a run that hangs. A run takes less than 11 minutes unless programs must be restarted. Milliseconds. */
const LONGEST_MS = { fixed: 800_000, eachSecond: 110_000 };

const parts: readonly Part[] = [nodePart, tenantsPart, strangersPart];

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      seconds: { type: 'string', default: String(DEFAULT_SECONDS) },
      report: { type: 'string' },
      bundles: { type: 'string', default: BUILT_BUNDLES },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const seconds = Number(values.seconds);
  const only = new RegExp(values.only, 'i');
  const wanted = parts.filter((part) => part.matching(only) > 0);
  if (values.help || !(seconds > 0) || wanted.length === 0) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const reasons = await missingForHostile(`rg${process.pid}`);
  if (reasons.length > 0) {
    for (const reason of reasons) console.log(`skipped: ${reason}`);
    const skipped = wanted.reduce((sum, part) => sum + part.matching(only), 0);
    console.log(summaryOf({ passed: 0, failed: 0, skipped, notRun: 0 }));
    return EXIT_SKIPPED;
  }
  const outcome = await runAll(
    wanted,
    {
      only,
      durationFactor: seconds / DEFAULT_SECONDS,
      bundles: resolve(values.bundles),
      print: console.log,
      signal: suiteSignal(LONGEST_MS.fixed + LONGEST_MS.eachSecond * seconds),
    },
    values.report,
  );
  console.log(summaryOf(outcome));
  return exitCodeOf(outcome);
}

/** Runs the parts in order. Their tables are written to `file` if it is set. */
async function runAll(
  wanted: readonly Part[],
  options: RunOptions,
  file: string | undefined,
): Promise<Outcome> {
  const outcomes: Outcome[] = [];
  for (const part of wanted) {
    const machine = describeMachine(new Date());
    const { outcome, rows } = await part.run(options);
    outcomes.push(outcome);
    const table = markdownTable(part.head, rows);
    console.log(`\n${table}\n\n${machine}\n`);
    if (file !== undefined) await writeReport(file, part.report, `Measured on ${machine}.\n\n${table}`);
  }
  return sumOfOutcomes(outcomes);
}

await runSuite(SUITE, main);

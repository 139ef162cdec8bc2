import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeError } from '@rolegate/runtime';
import { EXIT_SKIPPED, exitCodeOf, suiteSignal, summaryOf, sumOfOutcomes } from '@rolegate/testing';
import type { Outcome } from '@rolegate/testing';
import { missingHere } from '../network/requirements.ts';
import { runSuite } from '../processes/run-suite.ts';
import { alertsPart } from './alerts/part.ts';
import { dashboardPart } from './dashboard/part.ts';
import type { Part } from './part.ts';
import { findPrometheus } from './prometheus/find-prometheus.ts';

const SUITE = 'monitoring';
const parts: readonly Part[] = [dashboardPart, alertsPart];
const USAGE = `npm run ${SUITE} [-- OPTIONS]

Runs the built programs through failures while a real Prometheus scrapes them, and asks it what operators would see. Needs
root, Prometheus (downloaded from Debian if there is none), chromium for the dashboard, and helm (HELM) for the alerts.
  --part NAME        only this part (repeatable): ${parts.map(({ name }) => name).join(', ')}
  --only PATTERN     only the matching rows of the dashboard, faults and alerts
  --report FOLDER    writes pages and pictures to this folder, such as docs/figures

Exit code ${EXIT_SKIPPED}: this machine cannot run the suite.`;

/** Ends a run that hangs. Milliseconds. */
const LONGEST_MS = 1_500_000;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      part: { type: 'string', multiple: true, default: [] },
      only: { type: 'string', default: '' },
      report: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const wanted = parts.filter(({ name }) => values.part.length === 0 || values.part.includes(name));
  if (values.help || wanted.length < values.part.length) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const signal = suiteSignal(LONGEST_MS);
  const found = await findRequirements();
  if ('missing' in found) {
    for (const reason of found.missing) console.log(`skipped: ${reason}`);
    return EXIT_SKIPPED;
  }
  const options = {
    only: new RegExp(values.only, 'i'),
    prometheus: found.prometheus,
    report: values.report === undefined ? undefined : resolve(values.report),
    print: console.log,
    signal,
  };
  const outcomes: Outcome[] = [];
  for (const part of wanted) outcomes.push(await part.run(options));
  const outcome = sumOfOutcomes(outcomes);
  console.log(summaryOf(outcome));
  return exitCodeOf(outcome);
}

/** The path of Prometheus, or the reasons why this machine cannot run the suite. */
async function findRequirements(): Promise<{ prometheus: string } | { missing: readonly string[] }> {
  const { reasons } = await missingHere();
  if (reasons.length > 0) return { missing: reasons };
  try {
    return { prometheus: await findPrometheus() };
  } catch (error) {
    return { missing: [describeError(error)] };
  }
}

await runSuite(SUITE, main);

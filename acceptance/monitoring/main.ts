import { resolve } from 'node:path';
import { describeError } from '@rolegate/runtime';
import { EXIT_SKIPPED, exitCodeOf, suiteSignal, summaryOf, sumOfOutcomes } from '@rolegate/testing';
import type { Outcome } from '@rolegate/testing';
import { missingHere } from '../network/requirements.ts';
import { parsePartOptions } from '../processes/part-options.ts';
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
  const given = parsePartOptions(parts, USAGE);
  if (typeof given === 'number') return given;
  const { wanted, only, report } = given;
  const signal = suiteSignal(LONGEST_MS);
  const found = await findRequirements();
  if ('missing' in found) {
    for (const reason of found.missing) console.log(`skipped: ${reason}`);
    return EXIT_SKIPPED;
  }
  const options = {
    only,
    prometheus: found.prometheus,
    report: report === undefined ? undefined : resolve(report),
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

import { parseArgs } from 'node:util';
import {
  describeMachine,
  EXIT_SKIPPED,
  exitCodeOf,
  outputOf,
  runSteps,
  suiteSignal,
  summaryOf,
  sumOfOutcomes,
  writeReport,
} from '@rolegate/testing';
import type { Outcome } from '@rolegate/testing';
import { missingCgroups } from '../cgroups/requirements.ts';
import { missingHere } from '../network/requirements.ts';
import { runSuite } from '../processes/run-suite.ts';
import { allClients } from './all-clients.ts';
import type { Client } from './client.ts';
import { preparation } from './preparation.ts';
import { containerPhasesOf } from './container-credentials/steps.ts';
import { containerTablesOf } from './container-credentials/table.ts';
import { metadataPhasesOf } from './metadata/steps.ts';
import { metadataTablesOf } from './metadata/table.ts';
import type { Phase } from './phase.ts';
import { openWorld } from './world.ts';
import type { ClientsWorld } from './world.ts';

const SUITE = 'test:clients';
const USAGE = `npm run ${SUITE} [-- OPTIONS]

Runs unmodified AWS SDKs against the built programs, as root, in temporary network namespaces without a route to the outside: in
Pods that ask the metadata API, and in Pods with the variables for container credentials. Installs the SDKs from their registries on
the first run.
  --short            only the SDKs that most Pods use; of the refusals of container credentials only HTTP 401 and 503
  --client PATTERN   only the SDKs whose names match
  --only PATTERN     only the steps whose titles match
  --report FILE      writes the tables between the markers in this file

Exit code ${EXIT_SKIPPED}: this machine cannot run the suite.`;

/** Ends a run that hangs. Milliseconds. */
const LONGEST_MS = { short: 900_000, long: 5_400_000 };

interface Options {
  readonly short: boolean;
  readonly clients: readonly Client[];
  readonly only: RegExp;
  readonly report: string | undefined;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      short: { type: 'boolean', default: false },
      client: { type: 'string', default: '' },
      only: { type: 'string', default: '' },
      report: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { short, report } = values;
  const named = new RegExp(values.client, 'i');
  const clients = allClients.filter(({ name, core }) => named.test(name) && (!short || core === true));
  if (values.help || clients.length === 0) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const { reasons: missing } = await missingHere();
  const reasons = missing.length > 0 ? missing : await missingCgroups(`rg${process.pid}`);
  if (reasons.length > 0) {
    for (const reason of reasons) console.log(`skipped: ${reason}`);
    return EXIT_SKIPPED;
  }
  const signal = suiteSignal(short ? LONGEST_MS.short : LONGEST_MS.long);
  const outcome = await run({ short, report, clients, only: new RegExp(values.only, 'i') }, signal);
  console.log(summaryOf(outcome));
  return exitCodeOf(outcome);
}

/** Installs the clients, then runs the phases with those that this machine can have. */
async function run({ short, report, clients, only }: Options, signal: AbortSignal): Promise<Outcome> {
  const machine = describeMachine(new Date());
  const { steps, folders } = preparation(clients);
  const installed = await runSteps({ steps, world: { lines: [] }, print: console.log, signal });
  if (folders.size === 0 || signal.aborted) return installed;
  await using world = await openWorld(folders);
  const outcomes = [installed];
  const here = [...folders.keys()];
  for (const phase of [...metadataPhasesOf(here), ...containerPhasesOf({ clients: here, short })])
    outcomes.push(await runPhase(phase, world, { only, signal }));
  const tables = {
    'metadata API': metadataTablesOf(world.metadataTrials),
    'container credentials': containerTablesOf(world.trials),
  };
  console.log(`\n${Object.values(tables).join('\n\n')}\n\n${machine}\n`);
  if (report !== undefined) {
    const source = `Measured on ${machine}; commit ${await commit()}.`;
    for (const [name, table] of Object.entries(tables))
      await writeReport(report, `${SUITE}, ${name},`, `${source}\n\n${table}`);
  }
  return sumOfOutcomes(outcomes);
}

async function runPhase(
  { begin, steps, atOnce }: Phase,
  world: ClientsWorld,
  { only, signal }: { readonly only: RegExp; readonly signal: AbortSignal },
): Promise<Outcome> {
  const wanted = steps.filter(({ title }) => only.test(title));
  if (wanted.length > 0 && !signal.aborted) await begin(world);
  return runSteps({ steps: wanted, world, print: console.log, signal, atOnce });
}

async function commit(): Promise<string> {
  return (await outputOf(['git', 'rev-parse', '--short', 'HEAD'])).trim();
}

await runSuite(SUITE, main);

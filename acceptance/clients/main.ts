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
import { missingHere } from '../network/requirements.ts';
import { runSuite } from '../processes/run-suite.ts';
import { allClients } from './all-clients.ts';
import type { Client } from './client.ts';
import { prepareClient } from './prepare.ts';
import { phasesOf } from './steps.ts';
import type { Phase } from './steps.ts';
import { tablesOf } from './table.ts';
import { openWorld } from './world.ts';
import type { ClientsWorld } from './world.ts';

const SUITE = 'test:clients';
const USAGE = `npm run ${SUITE} [-- OPTIONS]

Runs unmodified AWS SDKs with the variables for container credentials against the built programs, as root, in temporary network
namespaces without a route to the outside: as ordinary and as host-network Pods. Installs the SDKs from their registries on the first run.
  --short            only a few SDKs, and of the refusals only HTTP 401 and 503 in ordinary Pods
  --client PATTERN   only the SDKs whose names match
  --only PATTERN     only the steps whose titles match
  --report FILE      writes the tables between the markers in this file

Exit code ${EXIT_SKIPPED}: this machine cannot run the suite.`;

/** Ends a run that hangs. Milliseconds. */
const LONGEST_MS = { short: 600_000, long: 5_400_000 };

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
  const clients = allClients.filter(({ name, quick }) => named.test(name) && (!short || quick === true));
  if (values.help || clients.length === 0) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const { reasons } = await missingHere();
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
  const folders = new Map<Client, string>();
  const installing = clients.map((client) => ({
    title: `${client.name} is installed`,
    async run() {
      folders.set(client, await prepareClient(client));
    },
  }));
  const installed = await runSteps({ steps: installing, world: { lines: [] }, print: console.log, signal });
  if (folders.size === 0 || signal.aborted) return installed;
  await using world = await openWorld(folders);
  const outcomes = [installed];
  for (const phase of phasesOf({ clients: [...folders.keys()], short }))
    outcomes.push(await runPhase(phase, world, { only, signal }));
  const tables = tablesOf(world.trials);
  console.log(`\n${tables}\n\n${machine}\n`);
  if (report !== undefined)
    await writeReport(report, SUITE, `Measured on ${machine}; commit ${await commit()}.\n\n${tables}`);
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

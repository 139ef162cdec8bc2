import { exitCodeOf, runSteps, suiteSignal, summaryOf } from '@rolegate/testing';
import { runSuite } from '../processes/run-suite.ts';
import { allClients } from './all-clients.ts';
import { preparation } from './preparation.ts';

/** Ends a run that hangs. Milliseconds. */
const LONGEST_MS = 900_000;

/** Installs the clients of the short form, so that this can be done while something else is built. */
async function main(): Promise<number> {
  const { steps } = preparation(allClients.filter(({ core }) => core === true));
  const outcome = await runSteps({
    steps,
    world: { lines: [] },
    print: console.log,
    signal: suiteSignal(LONGEST_MS),
  });
  console.log(summaryOf(outcome));
  return exitCodeOf(outcome);
}

await runSuite('prepare:clients', main);

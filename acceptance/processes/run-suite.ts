import { describeError } from '@rolegate/runtime';

/** Runs a suite's main to the exit code of this process: 2 if it could not be run. `name`: of its npm script. */
export async function runSuite(name: string, main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error(`${name}: ${describeError(error)}`);
    process.exitCode = 2;
  }
}

import { describeError } from '@rolegate/runtime';

/** Sets the exit code of this process to the result of `main`, or to 2 if it throws. `name` is the npm script. */
export async function runSuite(name: string, main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error(`${name}: ${describeError(error)}`);
    process.exitCode = 2;
  }
}

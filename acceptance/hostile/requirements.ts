import { describeError } from '@rolegate/runtime';
import { outputOf } from '@rolegate/testing';
import { missingHere } from '../network/requirements.ts';
import { openCgroups } from '../cgroups/cgroups.ts';

/** Why this machine cannot run the suite; empty if it can. */
export async function missingForHostile(name: string): Promise<readonly string[]> {
  const { reasons } = await missingHere();
  if (reasons.length > 0) return reasons;
  try {
    await outputOf(['ss', '-V']);
    await using cgroups = await openCgroups(name);
    await cgroups.make({ name: 'try', memoryBytes: 2 ** 28, cpuWeight: 100 });
    return [];
  } catch (error) {
    return [describeError(error)];
  }
}

/** The interpreter itself: a wrapper on the PATH finds none in another environment. Undefined if there is none. */
export async function findPython(): Promise<string | undefined> {
  try {
    return (await outputOf(['python3', '-c', 'import sys; print(sys.executable)'])).trim();
  } catch {
    return undefined;
  }
}

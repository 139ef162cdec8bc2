import { describeError } from '@rolegate/runtime';
import { outputOf } from '@rolegate/testing';
import { missingHere } from '../network/requirements.ts';
import { interpreterOf } from '../processes/python.ts';
import { openCgroups } from '../cgroups/cgroups.ts';

/** Reasons why this machine cannot run the suite; empty if it can. */
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

/** Undefined if there is no Python. */
export async function findPython(): Promise<string | undefined> {
  try {
    return await interpreterOf('python3');
  } catch {
    return undefined;
  }
}

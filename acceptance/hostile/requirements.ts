import { describeError } from '@rolegate/runtime';
import { outputOf } from '@rolegate/testing';
import { missingCgroups } from '../cgroups/requirements.ts';
import { missingHere } from '../network/requirements.ts';
import { interpreterOf } from '../processes/python.ts';

/** Reasons why this machine cannot run the suite; empty if it can. */
export async function missingForHostile(name: string): Promise<readonly string[]> {
  const { reasons } = await missingHere();
  if (reasons.length > 0) return reasons;
  try {
    await outputOf(['ss', '-V']);
  } catch (error) {
    return [describeError(error)];
  }
  return missingCgroups(name);
}

/** Undefined if there is no Python. */
export async function findPython(): Promise<string | undefined> {
  try {
    return await interpreterOf('python3');
  } catch {
    return undefined;
  }
}

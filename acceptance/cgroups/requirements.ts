import { describeError } from '@rolegate/runtime';
import { openCgroups } from './cgroups.ts';

/** Reasons why this machine cannot make control groups for memory and CPU; empty if it can. */
export async function missingCgroups(name: string): Promise<readonly string[]> {
  try {
    await using cgroups = await openCgroups(name);
    await cgroups.make({ name: 'try', memoryBytes: 2 ** 28, cpuWeight: 100 });
    return [];
  } catch (error) {
    return [describeError(error)];
  }
}

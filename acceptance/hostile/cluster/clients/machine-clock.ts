import type { MachineMs } from '../orders.ts';

/** The same in every process of the machine (CLOCK_MONOTONIC). */
export function machineMs(): MachineMs {
  return Number(process.hrtime.bigint()) / 1e6;
}

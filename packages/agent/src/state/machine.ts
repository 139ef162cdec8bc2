import { readFileSync } from 'node:fs';
import type { Clock } from '@rolegate/runtime';

/** What the processes of one machine have in common. */
export interface Machine {
  /** Changes with each boot; '' if unknown. */
  readonly bootId: () => string;
  /** The same for all processes since boot. Milliseconds. */
  readonly monotonicMs: () => number;
}

const BOOT_ID_FILE = '/proc/sys/kernel/random/boot_id';

export const systemMachine: Machine = {
  bootId() {
    try {
      return readFileSync(BOOT_ID_FILE, 'latin1').trim();
    } catch {
      return '';
    }
  },
  // CLOCK_MONOTONIC, which performance.now() counts from the start of its process.
  monotonicMs: () => Number(process.hrtime.bigint() / 1_000n) / 1_000,
};

/** Converts between the monotonic clocks of this process and of the machine. */
export interface MachineTime {
  readonly toMachine: (monotonicMs: number) => number;
  readonly fromMachine: (machineMs: number) => number;
}

/** The only place that knows the difference between the two. */
export function createMachineTime(machine: Machine, clock: Pick<Clock, 'monotonic'>): MachineTime {
  const apartMs = machine.monotonicMs() - clock.monotonic();
  return { toMachine: (ms) => ms + apartMs, fromMachine: (ms) => ms - apartMs };
}

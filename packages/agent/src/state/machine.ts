import { readFileSync } from 'node:fs';
import type { Clock } from '@rolegate/runtime';

/** What processes of one machine have in common. */
export interface Machine {
  /** Another one after each boot; '' where it cannot be told. */
  readonly bootId: () => string;
  /** The same in all processes since the boot. Milliseconds. */
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
  // CLOCK_MONOTONIC, which performance.now() counts too, from the start of its process on.
  monotonicMs: () => Number(process.hrtime.bigint() / 1_000n) / 1_000,
};

/** Between the monotonic clock of this process and that of the machine. */
export interface MachineTime {
  readonly toMachine: (monotonicMs: number) => number;
  readonly fromMachine: (machineMs: number) => number;
}

/** The one place that knows how far the two are apart. */
export function createMachineTime(machine: Machine, clock: Pick<Clock, 'monotonic'>): MachineTime {
  const apartMs = machine.monotonicMs() - clock.monotonic();
  return { toMachine: (ms) => ms + apartMs, fromMachine: (ms) => ms - apartMs };
}

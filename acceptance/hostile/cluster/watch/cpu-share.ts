import { readFile } from 'node:fs/promises';

/** CPU times of a process's main thread since it started. Nanoseconds. */
export interface CpuTimes {
  readonly ran: number;
  /** Runnable, but without a CPU. */
  readonly waited: number;
}

/** Reads /proc/PID/schedstat. Undefined if the kernel lacks it or the process has ended. */
export async function readCpuTimes(pid: number | undefined): Promise<CpuTimes | undefined> {
  try {
    return cpuTimesOf(await readFile(`/proc/${String(pid)}/schedstat`, 'utf8'));
  } catch {
    return undefined;
  }
}

export function cpuTimesOf(schedstat: string): CpuTimes | undefined {
  const [ran = NaN, waited = NaN] = schedstat.split(' ').map(Number);
  return Number.isNaN(ran + waited) ? undefined : { ran, waited };
}

/** The share of the wanted CPU time that the process got between two readings; 1 if unknown. */
export function shareBetween(from: CpuTimes | undefined, to: CpuTimes | undefined): number {
  if (from === undefined || to === undefined || to.ran <= from.ran) return 1;
  const ran = to.ran - from.ran;
  return ran / (ran + Math.max(0, to.waited - from.waited));
}

import { readFile } from 'node:fs/promises';

/** Of the thread that runs a process's event loop, since it started. Nanoseconds. */
export interface CpuTimes {
  readonly ran: number;
  /** Ready to run, and others had the CPU. */
  readonly waited: number;
}

/** As the kernel counts them (proc_pid_schedstat); undefined if it does not, or the process has ended. */
export async function readCpuTimes(pid: number | undefined): Promise<CpuTimes | undefined> {
  try {
    return cpuTimesOf(await readFile(`/proc/${String(pid)}/schedstat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Of the file's text. */
export function cpuTimesOf(schedstat: string): CpuTimes | undefined {
  const [ran = NaN, waited = NaN] = schedstat.split(' ').map(Number);
  return Number.isNaN(ran + waited) ? undefined : { ran, waited };
}

/** How much of the CPU that was wanted in between was had; 1 if nothing is known of it. */
export function shareBetween(from: CpuTimes | undefined, to: CpuTimes | undefined): number {
  if (from === undefined || to === undefined || to.ran <= from.ran) return 1;
  const ran = to.ran - from.ran;
  return ran / (ran + Math.max(0, to.waited - from.waited));
}

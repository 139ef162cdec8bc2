import { readFile } from 'node:fs/promises';

/** What Linux counts in: USER_HZ, 100 on every platform that matters. Milliseconds. */
const TICK_MS = 10;

/** CPU time of all threads of the process so far, user and system. Milliseconds. */
export async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name stands in brackets and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Of a process, MB as in MiB. */
export interface Memory {
  readonly rss: number;
  /** What is no mapped file: charged to a Pod for certain. */
  readonly anonymous: number;
  /** The most that `rss` has been. */
  readonly peak: number;
}

export async function memoryOf(pid: number): Promise<Memory> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024;
  return { rss: field('VmRSS'), anonymous: field('RssAnon'), peak: field('VmHWM') };
}

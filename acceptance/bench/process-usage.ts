import { readdir, readFile } from 'node:fs/promises';

/** What Linux counts in: USER_HZ, 100 on every platform that matters. Milliseconds. */
const TICK_MS = 10;

/** Of a process, from /proc/PID/stat (proc_pid_stat(5)). */
export interface ProcessTimes {
  readonly parent: number;
  /** CPU time of all its threads so far, user and system. Milliseconds, in steps of 10. */
  readonly ownMs: number;
  /** The same of children that have ended, and of theirs. */
  readonly endedChildrenMs: number;
}

/** Of the file's text. */
export function processTimesOf(stat: string): ProcessTimes {
  // The name stands in brackets and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = (first: number) => (Number(fields[first]) + Number(fields[first + 1])) * TICK_MS;
  return { parent: Number(fields[1]), ownMs: ticks(11), endedChildrenMs: ticks(13) };
}

/** CPU time of the process so far, without its children. Milliseconds. */
export async function cpuMs(pid: number): Promise<number> {
  return processTimesOf(await readFile(`/proc/${pid}/stat`, 'utf8')).ownMs;
}

/** A process and all below it. */
export interface ProcessTree {
  /** The process itself first. */
  readonly pids: readonly number[];
  /** CPU time of all of them, and of those below them that have ended. Milliseconds. */
  readonly cpuMs: number;
}

export async function processTree(pid: number): Promise<ProcessTree> {
  const all = await allTimes();
  if (!all.has(pid)) throw new Error(`there is no process ${pid}`);
  return treeOf(pid, all);
}

/** Out of all processes. */
export function treeOf(pid: number, all: ReadonlyMap<number, ProcessTimes>): ProcessTree {
  const below = [...all].filter(([, { parent }]) => parent === pid).map(([child]) => treeOf(child, all));
  const { ownMs = 0, endedChildrenMs = 0 } = all.get(pid) ?? {};
  return {
    pids: [pid, ...below.flatMap(({ pids }) => pids)],
    cpuMs: below.reduce((sum, tree) => sum + tree.cpuMs, ownMs + endedChildrenMs),
  };
}

async function allTimes(): Promise<Map<number, ProcessTimes>> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const all = new Map<number, ProcessTimes>();
  for (const pid of pids) {
    // One that has ended in between is not there any more.
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    if (stat !== undefined) all.set(pid, processTimesOf(stat));
  }
  return all;
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
  return {
    rss: megabytes(status, 'VmRSS'),
    anonymous: megabytes(status, 'RssAnon'),
    peak: megabytes(status, 'VmHWM'),
  };
}

/** The process's share of what it has mapped: a page that n processes map counts for an nth. MB; needs the right to trace it. */
export async function proportionalOf(pid: number): Promise<number> {
  return megabytes(await readFile(`/proc/${pid}/smaps_rollup`, 'utf8'), 'Pss');
}

function megabytes(text: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]) / 1024;
}

import { readdir, readFile } from 'node:fs/promises';

/** A clock tick: USER_HZ is 100 on all common platforms. Milliseconds. */
const TICK_MS = 10;

/** From /proc/PID/stat (proc_pid_stat(5)). */
export interface ProcessTimes {
  readonly parent: number;
  /** User and system CPU time of all threads. Milliseconds, in steps of 10. */
  readonly ownMs: number;
  /** The same of ended children and their descendants. */
  readonly endedChildrenMs: number;
}

export function processTimesOf(stat: string): ProcessTimes {
  // The name is in parentheses and can contain any character.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = (first: number) => (Number(fields[first]) + Number(fields[first + 1])) * TICK_MS;
  return { parent: Number(fields[1]), ownMs: ticks(11), endedChildrenMs: ticks(13) };
}

/** CPU time of the process without its children. Milliseconds. */
export async function cpuMs(pid: number): Promise<number> {
  return processTimesOf(await readFile(`/proc/${pid}/stat`, 'utf8')).ownMs;
}

/** A process and its descendants. */
export interface ProcessTree {
  /** The process itself first. */
  readonly pids: readonly number[];
  /** CPU time of all processes, including ended ones. Milliseconds. */
  readonly cpuMs: number;
}

export async function processTree(pid: number): Promise<ProcessTree> {
  const all = await allTimes();
  if (!all.has(pid)) throw new Error(`there is no process ${pid}`);
  return treeOf(pid, all);
}

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
    // Processes can end in between.
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    if (stat !== undefined) all.set(pid, processTimesOf(stat));
  }
  return all;
}

/** In MiB. */
export interface Memory {
  readonly rss: number;
  /** Memory that is not a mapped file, and is always charged to the Pod. */
  readonly anonymous: number;
  /** The peak of `rss`. */
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

/** Proportional set size: a page that n processes map counts for 1/n. MiB. Needs the permission to trace the process. */
export async function proportionalOf(pid: number): Promise<number> {
  return megabytes(await readFile(`/proc/${pid}/smaps_rollup`, 'utf8'), 'Pss');
}

function megabytes(text: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]) / 1024;
}

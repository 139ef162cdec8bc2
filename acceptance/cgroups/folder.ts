import { access, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '@rolegate/testing';

/** A hierarchy of control groups, and where in it this process is. */
export interface Hierarchy {
  readonly mount: string;
  readonly own: string;
}

export async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

/** The number after a key in a file of lines `key number`; 0 if it is not there. */
export async function numberIn(folder: string, file: string, key: string): Promise<number> {
  const text = await readFile(join(folder, file), 'utf8');
  const line = text.split('\n').find((one) => one.startsWith(`${key} `));
  return Number(line?.slice(key.length + 1) ?? 0);
}

export async function number(folder: string, file: string): Promise<number> {
  return Number(await readFile(join(folder, file), 'utf8'));
}

/** Writes each file of a group that the kernel has; swap, for one, may be compiled out. */
export async function writeIfThere(folder: string, values: Readonly<Record<string, number>>): Promise<void> {
  for (const [file, value] of Object.entries(values))
    if (await exists(join(folder, file))) await writeFile(join(folder, file), String(value));
}

/** The words that put a process into the groups and then become the command behind them. */
export function enterAll(folders: readonly string[]): string[] {
  const files = folders.map((folder) => join(folder, 'cgroup.procs'));
  const script = 'for file in $0; do echo $$ >"$file" || exit 126; done; exec "$@"';
  return ['sh', '-c', script, files.join(' ')];
}

/** Ends what still runs in the group, which only processes of this run have entered, and removes it. */
export async function removeGroup(folder: string): Promise<void> {
  const processes = join(folder, 'cgroup.procs');
  await eventually(
    async () => {
      const pids = (await exists(processes)) ? await readFile(processes, 'utf8') : '';
      for (const pid of pids.split('\n').map(Number)) if (pid > 1) killIfThere(pid);
      if (await exists(folder)) await rmdir(folder);
    },
    { withinMs: 5_000, everyMs: 20 },
  );
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

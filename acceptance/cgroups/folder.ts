import { access, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '@rolegate/testing';
import { killPid } from '../processes/kill-pid.ts';

/** The mount of a control group hierarchy and this process's path in it. */
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

/** The value of a key in a file with lines `key number`; 0 if the key is missing. */
export async function numberIn(folder: string, file: string, key: string): Promise<number> {
  const text = await readFile(join(folder, file), 'utf8');
  const line = text.split('\n').find((one) => one.startsWith(`${key} `));
  return Number(line?.slice(key.length + 1) ?? 0);
}

export async function number(folder: string, file: string): Promise<number> {
  return Number(await readFile(join(folder, file), 'utf8'));
}

/** Writes the files that exist: the kernel may lack some, such as those for swap. */
export async function writeIfThere(folder: string, values: Readonly<Record<string, number>>): Promise<void> {
  for (const [file, value] of Object.entries(values))
    if (await exists(join(folder, file))) await writeFile(join(folder, file), String(value));
}

/** A command prefix that enters the groups and then executes the command that follows. */
export function enterAll(folders: readonly string[]): string[] {
  const files = folders.map((folder) => join(folder, 'cgroup.procs'));
  const script = 'for file in $0; do echo $$ >"$file" || exit 126; done; exec "$@"';
  return ['sh', '-c', script, files.join(' ')];
}

/** Kills the remaining processes of the group, all of which belong to this run, and removes it. */
export async function removeGroup(folder: string): Promise<void> {
  const processes = join(folder, 'cgroup.procs');
  await eventually(
    async () => {
      const pids = (await exists(processes)) ? await readFile(processes, 'utf8') : '';
      for (const pid of pids.split('\n').map(Number)) if (pid > 1) killPid(pid);
      if (await exists(folder)) await rmdir(folder);
    },
    { withinMs: 5_000, everyMs: 20 },
  );
}

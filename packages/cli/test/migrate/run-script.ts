import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface ScriptRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What the programs were called with, e.g. `kubectl[get][pod]`. */
  readonly calls: readonly string[];
}

export interface ScriptOptions {
  /** For the programs and their calls. */
  readonly folder: string;
  readonly words?: readonly string[];
  /** Lines of shell by the name of the program that they stand in for. */
  readonly programs: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly shell?: 'sh' | 'bash';
}

/** Runs a script with programs of the test's own, which record what they are called with. */
export async function runScript(
  path: string,
  { folder, words = [], programs, env = {}, shell = 'sh' }: ScriptOptions,
): Promise<ScriptRun> {
  const bin = join(folder, 'bin');
  const record = join(folder, 'calls');
  await mkdir(bin, { recursive: true });
  await rm(record, { force: true });
  for (const [name, lines] of Object.entries(programs)) {
    const line = `{ printf ${name}; for word in "$@"; do printf '[%s]' "$word"; done; echo; } >> ${record}`;
    await writeFile(join(bin, name), `#!/bin/sh\n${line}\n${lines}\n`);
    await chmod(join(bin, name), 0o755);
  }
  const options = { env: { ...env, PATH: `${bin}:${process.env['PATH'] ?? ''}` } };
  const outcome = await new Promise<Omit<ScriptRun, 'calls'>>((resolve) => {
    execFile(shell, [path, ...words], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
  const calls = await readFile(record, 'utf8').catch(() => '');
  return { ...outcome, calls: calls.split('\n').filter((call) => call !== '') };
}

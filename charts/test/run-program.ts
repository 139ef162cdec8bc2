import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** More than the longest rendering, in bytes. */
const MOST_OUTPUT = 64 * 1024 * 1024;

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Finds a program: the file that `variable` names, which must exist, or the one on PATH, if any. */
export function findProgram({ name, variable }: { name: string; variable: string }): string | undefined {
  const given = process.env[variable] ?? '';
  if (given !== '') {
    accessSync(given, constants.X_OK);
    return given;
  }
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** Runs the program and waits for it. Throws only if it cannot be started. */
export function run(program: string, args: readonly string[], input = ''): Ran {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    input,
    encoding: 'utf8',
    maxBuffer: MOST_OUTPUT,
  });
  if (error !== undefined) throw error;
  return { code: status ?? 1, stdout, stderr };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

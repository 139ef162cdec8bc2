import { spawnSync } from 'node:child_process';

/** More than the longest rendering, in bytes. */
const MOST_OUTPUT = 64 * 1024 * 1024;

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
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

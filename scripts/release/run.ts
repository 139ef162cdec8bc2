import { outputOf } from '@rolegate/testing';

/** A push over a slow line. Milliseconds. */
const LONGEST_MS = 30 * 60_000;

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a command and returns its output. Throws an error with that output if it fails. */
export function run(command: readonly string[], { cwd, env }: RunOptions = {}): Promise<string> {
  return outputOf(command, {
    env: { ...process.env, ...env },
    timeoutMs: LONGEST_MS,
    ...(cwd !== undefined && { cwd }),
  });
}

/** Whether a command exists and succeeds. */
export async function succeeds(command: readonly string[]): Promise<boolean> {
  return run(command).then(
    () => true,
    () => false,
  );
}

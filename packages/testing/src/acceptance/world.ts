import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Context of acceptance steps, which each suite extends. */
export interface World extends AsyncDisposable {
  /** A temporary folder that is removed with the world. */
  readonly folder: string;
  /** Log lines of the programs under test, oldest first. */
  readonly lines: readonly ProgramLine[];
}

/**
 * Makes a temporary folder that all users can read and that is removed with the stack. Secret files in it need a mode
 * of their own.
 */
export async function openFolder(prefix: string, stack: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), prefix));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755);
  return folder;
}

export interface ProgramLine {
  readonly program: string;
  readonly line: string;
}

const MOST_LINES = 20;
const MOST_CHARACTERS = 400;

/** The last log lines to show below a failed step, without the thousands of debug lines. */
export function lastLines(lines: readonly ProgramLine[]): string[] {
  return lines
    .filter(({ line }) => !line.includes('"level":"debug"'))
    .slice(-MOST_LINES)
    .map(({ program, line }) => `      ${program}: ${line.slice(0, MOST_CHARACTERS)}`);
}

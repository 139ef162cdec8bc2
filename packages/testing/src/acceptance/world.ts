import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a suite of acceptance steps runs in. Each suite extends it with its own parts. */
export interface World extends AsyncDisposable {
  /** A temporary folder that is removed with the world. */
  readonly folder: string;
  /** What the programs under test have logged, oldest first. */
  readonly lines: readonly ProgramLine[];
}

/** A temporary folder that all users can read, removed with the stack. What is secret in it has a mode of its own. */
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

/** The last lines that a person wants to see below a failed step: debug lines are thousands and left out. */
export function lastLines(lines: readonly ProgramLine[]): string[] {
  return lines
    .filter(({ line }) => !line.includes('"level":"debug"'))
    .slice(-MOST_LINES)
    .map(({ program, line }) => `      ${program}: ${line.slice(0, MOST_CHARACTERS)}`);
}

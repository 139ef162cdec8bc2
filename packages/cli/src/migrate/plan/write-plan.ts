import { constants, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlanFile } from './make-plan.ts';

export interface WrittenFile {
  readonly path: string;
  /** replaced: it was there with other contents, which are now in `before`. */
  readonly how: 'written' | 'replaced' | 'unchanged';
  readonly before?: string;
}

/** Copies of a file that are kept. */
const MOST_COPIES = 1_000;

/** Writes the files. What a file had before, perhaps changed by a person, is kept beside it. */
export async function writePlan(folder: string, files: readonly PlanFile[]): Promise<readonly WrittenFile[]> {
  await mkdir(folder, { recursive: true });
  const written: WrittenFile[] = [];
  for (const { name, text } of files) {
    const path = join(folder, name);
    const existing = await contents(path);
    if (existing === text) {
      written.push({ path, how: 'unchanged' });
      continue;
    }
    const before = existing === undefined ? undefined : await kept(path);
    await writeFile(path, text);
    written.push(before === undefined ? { path, how: 'written' } : { path, how: 'replaced', before });
  }
  return written;
}

/** Copies a file to PATH.before, or PATH.before.2 and so on, so that no copy is lost. */
async function kept(path: string): Promise<string> {
  for (let number = 1; number < MOST_COPIES; number += 1) {
    const copy = `${path}.before${number === 1 ? '' : `.${number}`}`;
    try {
      await copyFile(path, copy, constants.COPYFILE_EXCL);
      return copy;
    } catch (error) {
      if (!isFault(error, 'EEXIST')) throw error;
    }
  }
  throw new Error(`${path} has ${MOST_COPIES} copies; remove those that you do not need`);
}

function isFault(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

async function contents(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isFault(error, 'ENOENT')) return undefined;
    throw error;
  }
}

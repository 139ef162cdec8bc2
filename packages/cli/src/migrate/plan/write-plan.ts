import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlanFile } from './make-plan.ts';

export interface WrittenFile {
  readonly path: string;
  /** replaced: it was there with other contents, which are now in PATH.before. */
  readonly how: 'written' | 'replaced' | 'unchanged';
}

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
    if (existing !== undefined) await rename(path, `${path}.before`);
    await writeFile(path, text);
    written.push({ path, how: existing === undefined ? 'written' : 'replaced' });
  }
  return written;
}

async function contents(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

import { readFile, writeFile } from 'node:fs/promises';

/** Names a file of recordings, by folder and name. */
function fileOf(name: string): URL {
  return new URL(`../recordings/${name}.json`, import.meta.url);
}

/** An answer of a program as it was recorded, for tests of whoever reads it. */
export async function readRecording(name: string): Promise<unknown> {
  return JSON.parse(await readFile(fileOf(name), 'utf8'));
}

/**
 * For tests of the program itself: the answer that it gives now, and the one that was recorded, which must be the same. With
 * RECORD=1 in the environment, the answer is recorded again.
 */
export async function recorded(
  name: string,
  answer: unknown,
  version: string,
): Promise<{ readonly now: unknown; readonly before: unknown }> {
  // A release changes no recording.
  const text = JSON.stringify(answer, undefined, 2).replaceAll(JSON.stringify(version), '"0.0.0"');
  if (process.env['RECORD'] === '1') await writeFile(fileOf(name), `${text}\n`);
  return { now: JSON.parse(text), before: await readRecording(name) };
}

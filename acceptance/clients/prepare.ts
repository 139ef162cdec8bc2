import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputOf, Skipped } from '@rolegate/testing';
import type { Client, Words } from './client.ts';

const PROGRAMS = fileURLToPath(new URL('./programs/', import.meta.url));
/** The Rust SDK takes the longest. Milliseconds. */
const LONGEST_COMMAND_MS = 1_200_000;

/** Where the clients are installed, so that the next run needs no registry. */
export function clientsFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'rolegate-clients');
}

/**
 * Installs the client unless that has been done, and returns its folder. Throws `Skipped` if its packages cannot be
 * downloaded, and another error if it cannot be built.
 */
export async function prepareClient(client: Client, parent = clientsFolder()): Promise<string> {
  const { name, files, download, build = [] } = client;
  const folder = join(
    parent,
    `${name.toLowerCase().replaceAll(/[^a-z0-9.]+/g, '-')}-${await hashOf(client)}`,
  );
  const done = join(folder, '.done');
  if (existsSync(done)) return folder;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const file of files) await cp(join(PROGRAMS, file), placeOf(file, folder), { recursive: true });
  try {
    await runAll(download, folder);
  } catch (error) {
    throw new Skipped(`cannot be installed here: ${error instanceof Error ? error.message : String(error)}`);
  }
  await runAll(build, folder);
  await writeFile(done, '');
  return folder;
}

/** A file is copied into the folder itself, a folder under its name. */
function placeOf(file: string, folder: string): string {
  return join(folder, basename(file));
}

async function runAll(commands: readonly Words[], cwd: string): Promise<void> {
  for (const command of commands)
    await outputOf(command, { cwd, env: process.env, timeoutMs: LONGEST_COMMAND_MS });
}

/** Changes with the client's files and commands. */
async function hashOf({ files, download, build = [] }: Client): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([download, build]));
  for (const file of files.flatMap(filesIn)) hash.update(await readFile(join(PROGRAMS, file)));
  return hash.digest('hex').slice(0, 12);
}

function filesIn(file: string): readonly string[] {
  return file.endsWith('/') ? readdirSync(join(PROGRAMS, file)).map((name) => file + name) : [file];
}

import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputOf, runCommand } from '@rolegate/testing';

/** The folder of the virtual environment. */
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/boto3', import.meta.url));
/** pip needs the user's environment and time to download. */
const OWN = { env: process.env, timeoutMs: 300_000 };

/**
 * A Python with boto3: the given one, else the machine's own, else a new virtual environment.
 * Throws if the given one lacks boto3.
 */
export async function pythonWithBoto3(given?: string): Promise<string> {
  const candidates = given === undefined ? ['python3', join(CACHE, 'bin/python')] : [given];
  for (const python of candidates) if (await hasBoto3(python)) return python;
  if (given !== undefined) throw new Error(`${given} has no boto3: install it there, or omit --python`);
  await mkdir(CACHE, { recursive: true });
  if (!existsSync(join(CACHE, 'bin/pip'))) await outputOf(['python3', '-m', 'venv', CACHE], OWN);
  await outputOf([join(CACHE, 'bin/pip'), 'install', '--quiet', 'boto3'], OWN);
  return join(CACHE, 'bin/python');
}

async function hasBoto3(python: string): Promise<boolean> {
  try {
    return (await runCommand([python, '-c', 'import boto3'], OWN)).code === 0;
  } catch {
    return false;
  }
}

/** The path of the interpreter itself. A wrapper might not find it in a different environment. */
export async function interpreterOf(python: string): Promise<string> {
  return (await outputOf([python, '-c', 'import sys; print(sys.executable)'])).trim();
}

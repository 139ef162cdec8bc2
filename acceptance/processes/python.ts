import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputOf, runCommand } from '@rolegate/testing';

/** Where the virtual environment is made. */
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/boto3', import.meta.url));
/** pip and the user's own Python; a download takes a while. */
const OWN = { env: process.env, timeoutMs: 300_000 };

/**
 * A Python that has boto3: the one given, the machine's own if it has it, else a virtual environment that is made.
 * Throws with what to do when none can be had.
 */
export async function pythonWithBoto3(given?: string): Promise<string> {
  const candidates = given === undefined ? ['python3', join(CACHE, 'bin/python')] : [given];
  for (const python of candidates) if (await hasBoto3(python)) return python;
  if (given !== undefined) throw new Error(`${given} has no boto3: install it there, or leave --python out`);
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

/** The interpreter itself: a wrapper that looks for its Python by the environment finds none in another one. */
export async function interpreterOf(python: string): Promise<string> {
  return (await outputOf([python, '-c', 'import sys; print(sys.executable)'])).trim();
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PLAIN_ENV } from '@rolegate/testing';

/** A process start on a busy machine. Milliseconds. */
const READY_WITHIN_MS = 20_000;

/**
 * Starts a script through the command given and waits for its first line. It ends with its input, so with this
 * process too, however that ends.
 */
export async function startScript(
  through: readonly string[],
  script: URL,
  args: readonly string[] = [],
): Promise<{ readonly stop: () => Promise<void> }> {
  const [file = '', ...words] = [
    ...through,
    process.execPath,
    ...process.execArgv,
    fileURLToPath(script),
    ...args,
  ];
  const child = spawn(file, words, { env: PLAIN_ENV, stdio: ['pipe', 'pipe', 'pipe'] });
  const said: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
  const ended = once(child, 'close').then(() => 'ended' as const);
  const ready = once(createInterface({ input: child.stdout }), 'line').then(() => 'ready' as const);
  const late = new Promise<'late'>((resolve) => setTimeout(resolve, READY_WITHIN_MS, 'late').unref());
  const outcome = await Promise.race([ready, ended, late]);
  if (outcome !== 'ready') {
    child.kill('SIGKILL');
    throw new Error(`${basename(script.pathname)} is not there (${outcome}): ${said.slice(-5).join(' ')}`);
  }
  return {
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PLAIN_ENV } from '@rolegate/testing';

/** Covers the start of a process on a busy machine. Milliseconds. */
const READY_WITHIN_MS = 20_000;

/**
 * Starts a script with a command prefix and waits for its first line. The script ends with its input, and thus with this process.
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
  const lines: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => lines.push(line));
  const ended = once(child, 'close').then(() => 'ended' as const);
  const ready = once(createInterface({ input: child.stdout }), 'line').then(() => 'ready' as const);
  const late = new Promise<'late'>((resolve) => setTimeout(resolve, READY_WITHIN_MS, 'late').unref());
  const outcome = await Promise.race([ready, ended, late]);
  if (outcome !== 'ready') {
    child.kill('SIGKILL');
    throw new Error(`${basename(script.pathname)} did not start (${outcome}): ${lines.slice(-5).join(' ')}`);
  }
  return {
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

import { PLAIN_ENV, runCommand } from '@rolegate/testing';
import type { Words } from './client.ts';

/** The patient ones try for some seconds, and start slowly on a busy machine. Milliseconds. */
const LONGEST_MS = 90_000;
/** Of an error that the client's process did not report itself. */
const MOST_CHARACTERS = 300;

/** What the application sees when it calls GetCallerIdentity. */
export interface Seen {
  readonly ok: boolean;
  readonly accessKeyId: string;
  readonly account: string;
  readonly error: string;
  readonly tookMs: number;
}

export interface ClientCall {
  /** The command that enters the network namespace, and the program. */
  readonly command: Words;
  readonly env: Readonly<Record<string, string>>;
}

/** Runs a client's program to its end. One outcome for each time it asked, and one more if it ended abnormally. */
export async function runClient({ command, env }: ClientCall): Promise<readonly Seen[]> {
  const startMs = performance.now();
  const { code, stdout, stderr } = await runCommand(command, {
    env: { ...PLAIN_ENV, ...env },
    timeoutMs: LONGEST_MS,
  });
  const seen = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Seen);
  if (code === 0) return seen;
  const error = `ended with ${code === null ? 'a signal' : `exit code ${code}`}: ${stderr.trim().slice(-MOST_CHARACTERS)}`;
  const tookMs = Math.round(performance.now() - startMs);
  return [...seen, { ok: false, accessKeyId: '', account: '', error, tookMs }];
}

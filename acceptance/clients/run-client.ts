import { PLAIN_ENV, runCommand } from '@rolegate/testing';
import type { Words } from './client.ts';

/** Polars tries for two minutes after 503, and some start slowly on a busy machine. Milliseconds. */
const LONGEST_MS = 180_000;
/** Of an error that the client's process did not report itself. */
const MOST_CHARACTERS = 300;

/** The error of a client that was killed because it did not end. */
export const DID_NOT_END = `did not end within ${LONGEST_MS / 1000} s`;

/** What the application sees when it calls GetCallerIdentity or asks for the region. */
export interface Seen {
  readonly ok: boolean;
  readonly accessKeyId: string;
  readonly account: string;
  /** If it was asked for. */
  readonly region?: string;
  readonly error: string;
  readonly tookMs: number;
}

export interface ClientCall {
  /** The command that enters the network namespace, and the program. */
  readonly command: Words;
  readonly env: Readonly<Record<string, string>>;
  /** Called when it has printed something: its first outcome. */
  readonly onOutput?: () => void;
}

/** Runs a client's program to its end. One outcome for each time it asked, and one more if it ended abnormally. */
export async function runClient({ command, env, onOutput }: ClientCall): Promise<readonly Seen[]> {
  const startMs = performance.now();
  const { code, stdout, stderr } = await runCommand(command, {
    env: { ...PLAIN_ENV, ...env },
    timeoutMs: LONGEST_MS,
    ...(onOutput && { onStdout: onOutput }),
  });
  const seen = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Seen);
  if (code === 0) return seen;
  const tookMs = Math.round(performance.now() - startMs);
  const error = endOf({ code, stderr: stderr.trim(), tookMs });
  return [...seen, { ok: false, accessKeyId: '', account: '', error, tookMs }];
}

/** How it ended abnormally. The end of a stack trace tells more, except of a crash. */
function endOf({ code, stderr, tookMs }: { code: number | null; stderr: string; tookMs: number }): string {
  if (code !== null) return `ended with exit code ${code}: ${stderr.slice(-MOST_CHARACTERS)}`;
  // What follows is a stack trace.
  const [firstLine = ''] = stderr.split('\n', 1);
  return tookMs >= LONGEST_MS ? DID_NOT_END : `crashed: ${firstLine.slice(0, MOST_CHARACTERS)}`;
}

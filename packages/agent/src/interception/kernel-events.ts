import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { describeError } from '@rolegate/runtime';
import type { Backoff, Clock, Log } from '@rolegate/runtime';

/** Runs a program that prints lines until the signal aborts or it ends; resolves with why it ended. Never rejects. */
export type FollowCommand = (
  program: string,
  args: readonly string[],
  onLine: (line: string) => void,
  signal: AbortSignal,
) => Promise<string>;

/** The machine's own programs, in the network namespace of this process. */
export const followCommand: FollowCommand = (program, args, onLine, signal) =>
  new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], signal });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said = chunk.toString('utf8').trim()));
    createInterface({ input: child.stdout }).on('line', onLine);
    child.once('error', (error) => {
      if (child.pid === undefined) resolve(describeError(error));
    });
    child.once('close', (code, killedBy) => {
      resolve(said === '' ? `it ended with ${killedBy ?? `code ${code ?? ''}`}` : said);
    });
  });

export interface FollowingDeps {
  readonly follow: FollowCommand;
  readonly backoff: Backoff;
  readonly clock: Clock;
  readonly log: Log;
}

/** A program's lines without end: it is started again whenever it ends. Resolves when the signal aborts. */
export async function followForEver(
  { follow, backoff, clock, log }: FollowingDeps,
  { program, args, onLine }: { program: string; args: readonly string[]; onLine: (line: string) => void },
  signal: AbortSignal,
): Promise<void> {
  let told = '';
  for (;;) {
    const startedMs = clock.monotonic();
    const error = await follow(program, args, onLine, signal);
    if (signal.aborted) return;
    // What is not seen as an event is found at the next look: a warning once for each fault, not for each trial.
    if (error !== told) log.warn('events of the kernel are missed for a moment', { program, error });
    told = error;
    if (clock.monotonic() - startedMs > LONG_ENOUGH_MS) backoff.reset();
    await clock.sleep(backoff.next(), signal);
  }
}

/** A program that ran so long was in order. Milliseconds. */
const LONG_ENOUGH_MS = 60_000;

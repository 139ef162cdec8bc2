import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { createBackoff, describeError } from '@rolegate/runtime';
import type { Backoff, Clock, Log } from '@rolegate/runtime';

/**
 * Filters the events of other tools, which can be thousands, to those that can affect our rules: their chains, the base chains,
 * whole tables.
 */
const ABOUT_US =
  /ROLEGATE|169\.254\.(?:169\.254|170\.23)\b|fd00:ec2::(?:254|23)\b|\b(?:PREROUTING|FORWARD|INPUT)\b|\b(?:delete|flush) (?:table|chain)/;
/** The same for `ip monitor`: all rules and links; of the addresses and routes, which other tools change often, only these. */
const ABOUT_LINKS = /^\[(?:RULE|LINK)\]|^\[(?:ADDR|ROUTE)\].*(?:\bdefault\b|\brolegate0\b)/;
const BACKOFF = { firstMs: 250, capMs: 30_000 };
/** Runs of more than this count as healthy. Milliseconds. */
const LONG_ENOUGH_MS = 60_000;

const HINT =
  'Changed rules are found by polling while this fails. Check that the program works in the reconcile container.';

export interface KernelEventsDeps {
  readonly follow: FollowCommand;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** True: addresses and routes matter too. */
  readonly containerCredentials: boolean;
  /** Rules or interfaces may have changed. Called often. */
  readonly changed: () => void;
}

/**
 * Follows the kernel's events about `ip rule`, interfaces, default routes and nftables until the signal aborts. The legacy backend sends none:
 * its changes are found by polling. Never rejects.
 */
export async function followKernelEvents(
  { changed, random, containerCredentials, ...deps }: KernelEventsDeps,
  signal: AbortSignal,
): Promise<void> {
  const monitor = (program: string, args: readonly string[], isOurs: (line: string) => boolean) =>
    followForever(
      { ...deps, backoff: createBackoff({ ...BACKOFF, random }) },
      {
        program,
        args,
        onLine(line) {
          if (isOurs(line)) changed();
        },
      },
      signal,
    );
  const objects = ['rule', 'link', ...(containerCredentials ? ['address', 'route'] : [])];
  await Promise.all([
    monitor('ip', ['monitor', 'label', ...objects], (line) => ABOUT_LINKS.test(line)),
    monitor('nft', ['monitor'], (line) => ABOUT_US.test(line)),
  ]);
}

/** Runs a program that prints lines until it ends or the signal aborts; resolves with why it ended. Never rejects. */
export type FollowCommand = (
  program: string,
  args: readonly string[],
  onLine: (line: string) => void,
  signal: AbortSignal,
) => Promise<string>;

/** Runs the machine's programs in the network namespace of this process. */
export const followCommand: FollowCommand = (program, args, onLine, signal) =>
  new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], signal });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr = chunk.toString('utf8').trim()));
    createInterface({ input: child.stdout }).on('line', onLine);
    child.once('error', (error) => {
      if (child.pid === undefined) resolve(describeError(error));
    });
    child.once('close', (code, killedBy) => {
      resolve(stderr === '' ? `it ended with ${killedBy ?? `code ${code ?? ''}`}` : stderr);
    });
  });

export interface FollowingDeps {
  readonly follow: FollowCommand;
  readonly backoff: Backoff;
  readonly clock: Clock;
  readonly log: Log;
}

/** Follows a program's lines and restarts it whenever it ends. Resolves when the signal aborts. */
export async function followForever(
  { follow, backoff, clock, log }: FollowingDeps,
  { program, args, onLine }: { program: string; args: readonly string[]; onLine: (line: string) => void },
  signal: AbortSignal,
): Promise<void> {
  let logged = '';
  for (;;) {
    const startedMs = clock.monotonic();
    const error = await follow(program, args, onLine, signal);
    if (signal.aborted) return;
    // Missed events are found by the next check: logged once per error, not per attempt.
    if (error !== logged) log.warn('kernel event monitor failed; restarting', { program, error, hint: HINT });
    logged = error;
    if (clock.monotonic() - startedMs > LONG_ENOUGH_MS) backoff.reset();
    await clock.sleep(backoff.next(), signal);
  }
}

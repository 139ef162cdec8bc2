import { createBackoff } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import { followForEver } from './kernel-events.ts';
import type { FollowCommand } from './kernel-events.ts';

/** Of another tool's thousands only what can be about our rules: their chains, the base chains, whole tables. */
const ABOUT_US =
  /ROLEGATE|169\.254\.169\.254|fd00:ec2::254|\b(?:PREROUTING|FORWARD|INPUT)\b|\b(?:delete|flush) (?:table|chain)/;
const BACKOFF = { firstMs: 250, capMs: 30_000 };

export interface KernelEventsDeps {
  readonly follow: FollowCommand;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Rules or interfaces may be others now. Called often and without more than that. */
  readonly changed: () => void;
}

/**
 * Follows what the kernel tells of `ip rule`, interfaces and nftables until the signal aborts. The legacy back end tells
 * nothing: its changes are found by looking. Never rejects.
 */
export async function followKernelEvents(
  { changed, random, ...deps }: KernelEventsDeps,
  signal: AbortSignal,
): Promise<void> {
  const monitor = (program: string, args: readonly string[], isOurs: (line: string) => boolean) =>
    followForEver(
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
  await Promise.all([
    monitor('ip', ['monitor', 'rule', 'link'], () => true),
    monitor('nft', ['monitor'], (line) => ABOUT_US.test(line)),
  ]);
}

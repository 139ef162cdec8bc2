import { createCachedCredentials } from './cached-credentials.ts';
import type { IssuedCredentials } from './cached-credentials.ts';
import { UNUSED_AFTER_MS } from './lifetimes.ts';
import type { CachedClaim, RenewAt } from './lifetimes.ts';
import { createRetries } from './retries.ts';
import type { PastFailure } from './retries.ts';
import { createSessionClaims } from './session-claims.ts';
import { createSessionRenewal } from './session-renewal.ts';
import type { RenewalOptions } from './session-renewal.ts';
import type { StsFault } from './sts/errors.ts';

/** valid: cached here. at-agents: cached only by agents, and not due for renewal. unused: no longer renewed. */
export type SessionStatus = 'valid' | 'at-agents' | 'waiting' | 'failing' | 'unused';

export interface EntryOptions extends RenewalOptions {
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly renewAt: RenewAt;
  /** Failed calls of the session before this entry was created. */
  readonly past: PastFailure | undefined;
}

/** One session: claimed by nodes, issued, renewed, dropped. */
export interface SessionEntry {
  claim(node: string, held: CachedClaim | undefined): void;
  release(node: string): void;
  /** Pods of another Namespace need it too: a waiting call can use that Namespace's turn. */
  wantedBy(namespace: string): void;
  used(): void;
  readonly claimed: boolean;
  /** The nodes that need it. */
  readonly nodes: readonly string[];
  /** On the monotonic clock: the expiry and the next STS call; undefined if there is none, or the call is in progress. */
  readonly times: () => { readonly endsAtMs: number | undefined; readonly nextAtMs: number | undefined };
  readonly status: SessionStatus;
  /** Undefined if there are no valid credentials. */
  readonly credentials: IssuedCredentials | undefined;
  /** Of the last attempt; undefined after a success. */
  readonly fault: StsFault | undefined;
  stop(): void;
}

export function createSessionEntry(options: EntryOptions): SessionEntry {
  const { session, clock } = options;
  const claims = createSessionClaims({ ...options, longestMs: session.durationSeconds * 1000 });
  const cached = createCachedCredentials(options);
  const retries = createRetries(options);
  let askedAtMs = -Infinity;

  const isUnused = () => clock.monotonic() - askedAtMs >= UNUSED_AFTER_MS;
  const life = () => cached.life() ?? claims.life();
  const renewal = createSessionRenewal(options, { claims, cached, retries, life, isUnused });

  return {
    claim(node, held) {
      const added = claims.set(node, held);
      // If another replica had the node's stream, it saw the Pods' requests; the agent's report says how long ago.
      const unusedMs = held?.unusedMs ?? (added ? 0 : Infinity);
      askedAtMs = Math.max(askedAtMs, clock.monotonic() - Math.max(0, unusedMs));
      renewal.plan();
    },
    release(node) {
      if (claims.delete(node)) renewal.plan();
    },
    wantedBy: renewal.wantedBy,
    used() {
      const dormant = isUnused();
      askedAtMs = clock.monotonic();
      if (dormant) renewal.plan();
    },
    get claimed() {
      return claims.size > 0;
    },
    get nodes() {
      return claims.nodes;
    },
    times: () => ({ endsAtMs: life()?.endsAtMs, nextAtMs: renewal.nextAtMs() }),
    get status() {
      if (isUnused()) return 'unused';
      if (cached.life() !== undefined) return 'valid';
      if (retries.fault() !== undefined) return 'failing';
      return life() === undefined ? 'waiting' : 'at-agents';
    },
    get credentials() {
      return cached.current();
    },
    get fault() {
      return retries.fault();
    },
    stop() {
      for (const node of claims.nodes) claims.delete(node);
      renewal.stop();
    },
  };
}

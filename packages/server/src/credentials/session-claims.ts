import type { Clock } from '@rolegate/runtime';
import { claimedLife } from './lifetimes.ts';
import type { CachedClaim, Life, RenewAt } from './lifetimes.ts';

export interface SessionClaimsOptions {
  /** The requested duration: no credentials of the session live longer. Milliseconds. */
  readonly longestMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly renewAt: RenewAt;
}

/** The nodes that need one session, with the credentials that their agents have cached. */
export interface SessionClaims {
  /** True if the node had no claim before. */
  set(node: string, held: CachedClaim | undefined): boolean;
  /** True if the node had one. */
  delete(node: string): boolean;
  /** New credentials were issued: those that agents have cached no longer count. */
  supersede(): void;
  /** Of what agents have cached, the life that is renewed first; undefined if any node has none. */
  life(): Life | undefined;
  readonly nodes: readonly string[];
  readonly size: number;
}

export function createSessionClaims(options: SessionClaimsOptions): SessionClaims {
  const claims = new Map<string, Life | undefined>();
  return {
    set(node, held) {
      const known = claims.has(node);
      claims.set(node, claimedLife(held, options));
      return !known;
    },
    delete: (node) => claims.delete(node),
    supersede() {
      for (const node of claims.keys()) claims.set(node, undefined);
    },
    life() {
      const now = options.clock.monotonic();
      let first: Life | undefined;
      for (const held of claims.values()) {
        if (held === undefined || held.endsAtMs <= now) return undefined;
        if (first === undefined || held.renewAtMs < first.renewAtMs) first = held;
      }
      return first;
    },
    get nodes() {
      return [...claims.keys()];
    },
    get size() {
      return claims.size;
    },
  };
}

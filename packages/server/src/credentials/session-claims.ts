import type { Clock } from '@rolegate/runtime';
import { heldLife } from './lifetimes.ts';
import type { HeldClaim, Life, RenewAt } from './lifetimes.ts';

export interface SessionClaimsOptions {
  /** No credentials of the session live longer. Milliseconds. */
  readonly longestMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly renewAt: RenewAt;
}

/** The nodes that need one session, with what their agents hold of it. */
export interface SessionClaims {
  /** True where the node had no claim yet. */
  set(node: string, held: HeldClaim | undefined): boolean;
  /** True where it had one. */
  delete(node: string): boolean;
  /** Newer credentials have been issued than any agent can hold. */
  supersede(): void;
  /** Of what the agents hold, the life to be renewed first; none while any node is without. */
  life(): Life | undefined;
  readonly nodes: readonly string[];
  readonly size: number;
}

export function createSessionClaims(options: SessionClaimsOptions): SessionClaims {
  const claims = new Map<string, Life | undefined>();
  return {
    set(node, held) {
      const known = claims.has(node);
      claims.set(node, heldLife(held, options));
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

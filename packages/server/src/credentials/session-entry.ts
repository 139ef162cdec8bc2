import { roleArnParts } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import type { Session } from '../session/session.ts';
import type { DurationLimits } from './duration-limits.ts';
import type { Issued, IssuedCredentials } from './issued-credentials.ts';
import { fingerprintOf } from './issued-credentials.ts';
import { lifeOf } from './lifetimes.ts';
import type { HeldClaim, Life, RenewAt } from './lifetimes.ts';
import { retryPauseMs } from './retry-pause.ts';
import { createSessionClaims } from './session-claims.ts';
import { createSingleCall } from './single-call.ts';
import type { Priority, StsBudget } from './sts-budget.ts';
import { classifyStsError } from './sts-errors.ts';
import type { StsFault } from './sts-errors.ts';

/** A session that no Pod has asked for in so long is not renewed (DESIGN.md 4.10). */
export const UNUSED_AFTER_MS = 3 * 60 * 60 * 1000;

/** valid: held here. at-agents: nothing here, but what agents hold is young. unused: not renewed any more. */
export type SessionStatus = 'valid' | 'at-agents' | 'waiting' | 'failing' | 'unused';

/** What the failed calls of a session mean for the next one. */
export interface PastFailure {
  readonly fault: StsFault;
  /** In a row. */
  readonly failures: number;
  /** On the monotonic clock. */
  readonly retryAtMs: number;
}

export interface EntryOptions {
  readonly session: Session;
  /** The first that wants it. Sessions of different Namespaces take turns. */
  readonly namespace: string;
  readonly issue: (session: Session) => Promise<Issued>;
  readonly budget: StsBudget;
  readonly durations: DurationLimits;
  readonly clock: Clock;
  readonly random: () => number;
  readonly renewAt: RenewAt;
  /** After each call that STS has answered. */
  readonly onIssued: (issued: Issued, nodes: readonly string[]) => void;
  readonly onFault: (fault: StsFault, before: StsFault | undefined) => void;
  /** What `credentials` and `fault` say is another now. */
  readonly onChange: () => void;
  /** Of the session's calls before this entry. */
  readonly past: PastFailure | undefined;
  /** Nobody claims it; what is worth remembering of it is that it must not be tried before some time. */
  readonly onEnd: (failure: PastFailure | undefined) => void;
}

/** One session's life: claimed by nodes, issued, renewed, lapsed. */
export interface SessionEntry {
  claim(node: string, held: HeldClaim | undefined): void;
  release(node: string): void;
  /** Pods of the Namespace, besides those of the first one: what waits for STS may take that one's turn. */
  wantedBy(namespace: string): void;
  used(): void;
  readonly claimed: boolean;
  /** The nodes that need it. */
  readonly nodes: readonly string[];
  /** On the monotonic clock: when it ends, and when STS is asked next; undefined where there is none, or STS is being asked. */
  readonly times: () => { readonly endsAtMs: number | undefined; readonly nextAtMs: number | undefined };
  readonly status: SessionStatus;
  /** Valid at this moment. */
  readonly credentials: IssuedCredentials | undefined;
  /** Of the last attempt, until one succeeds. */
  readonly fault: StsFault | undefined;
  stop(): void;
}

interface Kept {
  readonly issued: Issued;
  readonly life: Life;
}

export function createSessionEntry(options: EntryOptions): SessionEntry {
  const { session, issue, budget, namespace, durations, clock, random, renewAt } = options;
  const longestMs = session.durationSeconds * 1000;
  const claims = createSessionClaims({ longestMs, clock, random, renewAt });
  const single = createSingleCall({ budget, namespace, call, onEnd: plan });
  let kept: Kept | undefined;
  let fault = options.past?.fault;
  let failures = options.past?.failures ?? 0;
  let retryAtMs = options.past?.retryAtMs ?? 0;
  let askedAtMs = -Infinity;
  let cancelTimer: (() => void) | undefined;

  const valid = () => (kept !== undefined && kept.life.endsAtMs > clock.monotonic() ? kept : undefined);
  const unused = () => clock.monotonic() - askedAtMs >= UNUSED_AFTER_MS;
  /** The life that counts: of the credentials here, else of what the agents hold. */
  const life = () => valid()?.life ?? claims.life();

  function priority(): Priority {
    // A role that STS has refused waits behind those that may succeed.
    if (fault?.retry === 'seldom') return 'prefetch';
    const counted = life();
    if (counted === undefined) return 'on-demand';
    return clock.monotonic() >= counted.urgentAtMs ? 'on-demand' : 'expiring';
  }

  /** Decides what comes next, and when to decide again. Called after everything that may change it. */
  function plan(): void {
    cancelTimer?.();
    if (valid() === undefined) kept = undefined;
    if (claims.size === 0) {
      lapse();
      return;
    }
    if (single.stage === 'idle' && !unused()) {
      const dueAtMs = Math.max(life()?.renewAtMs ?? 0, retryAtMs);
      if (dueAtMs > clock.monotonic()) {
        planAt(dueAtMs);
        return;
      }
      single.request(priority(), life() !== undefined);
    } else single.raise(priority());
    const counted = life();
    // A call that waits becomes urgent with time; and the secret is not kept past its end.
    if (counted !== undefined)
      planAt(counted.urgentAtMs > clock.monotonic() ? counted.urgentAtMs : counted.endsAtMs);
  }

  function planAt(atMs: number): void {
    cancelTimer?.();
    cancelTimer = clock.schedule(atMs - clock.monotonic(), plan);
  }

  async function call(): Promise<void> {
    const asked = durations.limited(session);
    const atMs = clock.monotonic();
    try {
      accept(await issue(asked), atMs);
    } catch (error) {
      const found = classifyStsError(error);
      if (!found.durationTooLong || !durations.shorten(asked, namespace)) fail(found);
    }
  }

  function accept(issued: Issued, atMs: number): void {
    const { lifetimeMs } = issued;
    if (!(lifetimeMs > 0)) throw new Error('STS has answered credentials that have expired already');
    options.onIssued(issued, claims.nodes);
    kept = { issued, life: lifeOf({ remainingMs: lifetimeMs, lifetimeMs, atMs, renewAt, random }) };
    claims.supersede();
    fault = undefined;
    failures = 0;
    retryAtMs = 0;
    if (claims.size > 0) options.onChange();
  }

  function fail(found: StsFault): void {
    const before = fault;
    failures += 1;
    retryAtMs = clock.monotonic() + retryPauseMs(found.retry, failures, random);
    fault = found;
    options.onFault(found, before);
    // The message names the request: its change alone is no news.
    if (claims.size > 0 && (before?.reason !== found.reason || before.code !== found.code))
      options.onChange();
  }

  /** Without claims: the secret goes at once. A call on its way is waited for, in case somebody claims it meanwhile. */
  function lapse(): void {
    kept = undefined;
    single.cancel();
    if (single.stage === 'calling') return;
    if (fault === undefined || retryAtMs <= clock.monotonic()) options.onEnd(undefined);
    else options.onEnd({ fault, failures, retryAtMs });
  }

  return {
    claim(node, held) {
      const added = claims.set(node, held);
      // Where another replica had the node's stream, its Pods' asking has gone there.
      const unusedMs = held?.unusedMs ?? (added ? 0 : Infinity);
      askedAtMs = Math.max(askedAtMs, clock.monotonic() - Math.max(0, unusedMs));
      plan();
    },
    release(node) {
      if (claims.delete(node)) plan();
    },
    wantedBy(other) {
      single.wantedBy(other);
    },
    used() {
      const dormant = unused();
      askedAtMs = clock.monotonic();
      if (dormant) plan();
    },
    get claimed() {
      return claims.size > 0;
    },
    get nodes() {
      return claims.nodes;
    },
    times() {
      const counted = life();
      const waits = single.stage === 'idle' && !unused();
      const nextAtMs = waits ? Math.max(counted?.renewAtMs ?? 0, retryAtMs) : undefined;
      return { endsAtMs: counted?.endsAtMs, nextAtMs };
    },
    get status() {
      if (unused()) return 'unused';
      if (valid() !== undefined) return 'valid';
      if (fault !== undefined) return 'failing';
      return life() === undefined ? 'waiting' : 'at-agents';
    },
    get credentials() {
      const found = valid();
      return found && view(session, found, clock);
    },
    get fault() {
      return fault;
    },
    stop() {
      for (const node of claims.nodes) claims.delete(node);
      kept = undefined;
      single.cancel();
      cancelTimer?.();
    },
  };
}

function view(session: Session, { issued, life }: Kept, clock: Clock): IssuedCredentials {
  const { accessKeyId, secretAccessKey, sessionToken, lifetimeMs } = issued;
  return {
    accessKeyId,
    secretAccessKey,
    sessionToken,
    lifetimeMs,
    // The wall clock may be wrong or jump: what is left is counted on the monotonic one.
    expiresAtMs: Math.floor(clock.now() + life.endsAtMs - clock.monotonic()),
    accountId: roleArnParts(session.roleArn).accountId,
    fingerprint: fingerprintOf(session, issued),
  };
}

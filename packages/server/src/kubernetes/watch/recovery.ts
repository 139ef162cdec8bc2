import { createBackoff, createOutageLog, describeError } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import { ApiError, OlderVersionError, OverdueError, IdleTimeoutError } from '../api/api-error.ts';

/** Pauses after failures (DESIGN.md R6): an API server that stays unavailable is asked twice a minute. Milliseconds. */
const PAUSES = { firstMs: 250, capMs: 30_000 };

/** The longest Retry-After that is honoured. Milliseconds. */
const MAX_RETRY_AFTER_MS = 60_000;

/** A watch that lived at least this long counts as healthy. Milliseconds. */
const GOOD_AFTER_MS = 10_000;

/** A resourceVersion is abandoned after this many failures in a row. */
const TRIES = { refused: 5, silent: 2 };

/** After a streaming list that did not end, lists are paged for this long. Milliseconds. */
const PAGES_FOR_MS = 3_600_000;

/**
 * Why objects are listed again: the resourceVersion has expired, was refused, or nothing was received from it; an event could not
 * be read; refused texts may fit now; or the API server went back to an older state.
 */
export type RelistReason = 'expired' | 'refused' | 'silent' | 'unreadable' | 'room' | 'older';

/** What to do next. */
export type Step =
  | { readonly kind: 'stream' }
  | { readonly kind: 'page' }
  | { readonly kind: 'resume'; readonly from: string };

export interface RecoveryDeps {
  readonly kind: string;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly relisted: (why: RelistReason) => void;
}

/** Decides what a list+watch loop does next. */
export interface Recovery {
  next(): Step;
  listed(from: string): void;
  /** An event was received; `from`: where the watch can resume, if known. */
  moved(from: string | undefined): void;
  /** The watch ended without an error. Returns the pause. Milliseconds. */
  ended(livedMs: number): number;
  /** Returns the pause. Milliseconds. */
  failed(error: unknown, livedMs: number): number;
  /** The next step is a list, without a pause. */
  listAgain(why: 'unreadable' | 'room' | 'older'): void;
}

export function createRecovery({ kind, clock, log, random, relisted }: RecoveryDeps): Recovery {
  const pauses = createBackoff({ ...PAUSES, random });
  /** Reset only by watches, so that lists that succeed and expire immediately do not cause a tight loop. */
  const relistPauses = createBackoff({ ...PAUSES, random });
  const outage = createOutageLog({ clock, log });
  const lists = createListChoice({ kind, clock, log });
  const resumes = createResumeFailures();
  let from: string | undefined;

  const next = (): Step => (from === undefined ? { kind: lists.next() } : { kind: 'resume', from });

  function good(): void {
    pauses.reset();
    resumes.reset();
    const ended = outage.over();
    // A single failure is not reported as an outage: the watch resumes immediately.
    if (ended !== undefined && ended.failures > 1) log.info('watch recovered', { kind, ...ended });
  }

  function relist(why: RelistReason): number {
    from = undefined;
    relisted(why);
    return relistPauses.next();
  }

  return {
    next,
    listed(version) {
      from = version;
      good();
    },
    moved(version) {
      from = version ?? from;
      good();
      relistPauses.reset();
    },
    ended(livedMs) {
      if (livedMs < GOOD_AFTER_MS) return pauses.next();
      pauses.reset();
      return 0;
    },
    failed(error, livedMs) {
      const step = next().kind;
      if (livedMs >= GOOD_AFTER_MS) pauses.reset();
      if (step === 'stream' && lists.areNotOffered(error)) return 0;
      const { level, ...advice } = severityOf(error);
      outage.failed(level, 'watch failed', { kind, step, error: describeError(error), ...advice });
      if (error instanceof ApiError && error.code === 410) return relist('expired');
      if (error instanceof OlderVersionError) return relist('older');
      if (step !== 'resume') lists.failed(step, error);
      const why = step === 'resume' ? resumes.failed(error) : undefined;
      return why === undefined ? Math.max(askedPause(error), pauses.next()) : relist(why);
    },
    listAgain(why) {
      from = undefined;
      relisted(why);
    },
  };
}

/** Chooses between a streaming list and pages. */
function createListChoice({ kind, clock, log }: Pick<RecoveryDeps, 'kind' | 'clock' | 'log'>) {
  let streamingOffered = true;
  let pagesUntilMs = -Infinity;
  return {
    next(): 'stream' | 'page' {
      return streamingOffered && clock.monotonic() >= pagesUntilMs ? 'stream' : 'page';
    },
    /** Whether a streaming list failed because the API server does not support them; pages are then used. */
    areNotOffered(error: unknown): boolean {
      if (!isRejected(error)) return false;
      streamingOffered = false;
      log.info('API server does not support streaming lists; using pages', { kind });
      return true;
    },
    failed(list: 'stream' | 'page', error: unknown): void {
      // Some API servers accept the request for a streaming list but never complete it.
      if (list === 'page') pagesUntilMs = -Infinity;
      else if (error instanceof OverdueError) pagesUntilMs = clock.monotonic() + PAGES_FOR_MS;
    },
  };
}

/** Counts the failures of one resourceVersion in a row. */
function createResumeFailures() {
  const failures = { refused: 0, silent: 0 };
  return {
    reset(): void {
      failures.refused = 0;
      failures.silent = 0;
    },
    /** Why the resourceVersion is abandoned; undefined if it is not yet. */
    failed(error: unknown): RelistReason | undefined {
      if (error instanceof IdleTimeoutError || error instanceof OverdueError)
        return ++failures.silent >= TRIES.silent ? 'silent' : undefined;
      if (!(error instanceof ApiError) || isUnready(error)) return undefined;
      return isRejected(error) || isTooLarge(error) || ++failures.refused >= TRIES.refused
        ? 'refused'
        : undefined;
    },
  };
}

/** The pause that the API server asks for. Milliseconds. */
function askedPause(error: unknown): number {
  return error instanceof ApiError ? Math.min(error.retryAfterMs, MAX_RETRY_AFTER_MS) : 0;
}

interface Severity {
  readonly level: 'info' | 'warn' | 'error';
  /** Absent if there is nothing to do. */
  readonly hint?: string;
}

/** An expired resourceVersion is normal; a missing right needs the operator. */
function severityOf(error: unknown): Severity {
  if (!(error instanceof ApiError))
    return { level: 'warn', hint: 'Check the network between this server and the API server.' };
  if (error.code === 410) return { level: 'info' };
  return error.code === 401 || error.code === 403
    ? { level: 'error', hint: "Check the server's ServiceAccount and its ClusterRole." }
    : { level: 'warn', hint: 'The server retries. Check the health of the API server.' };
}

/** The API server is busy or denies access, which says nothing about the resourceVersion. */
function isUnready({ code }: ApiError): boolean {
  return code === 401 || code === 403 || code === 429;
}

/** The API server rejects the form of the request. */
function isRejected(error: unknown): boolean {
  return error instanceof ApiError && (error.code === 400 || error.code === 422);
}

/** The API server has an older state, as after a restore. */
function isTooLarge({ message }: ApiError): boolean {
  return message.includes('Too large resource version');
}

import { createBackoff, createOutage, describeError } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import { ApiError, OlderVersionError, OverdueError, IdleTimeoutError } from '../api/api-error.ts';

/** Pauses after failures; DESIGN.md R6: an API server that is away for an hour is asked twice a minute. Milliseconds. */
const PAUSES = { firstMs: 250, capMs: 30_000 };

/** No server may ask us to wait longer. Milliseconds. */
const MAX_RETRY_AFTER_MS = 60_000;

/** A watch that lived at least this long counts as healthy. Milliseconds. */
const GOOD_AFTER_MS = 10_000;

/** A resourceVersion is given up after this many failures in a row. */
const TRIES = { refused: 5, silent: 2 };

/** After a streaming list that has not ended, pages are fetched for this long. Milliseconds. */
const PAGES_FOR_MS = 3_600_000;

/**
 * Why objects are listed again: their resourceVersion has expired, is refused, or nothing comes from it; an event could not
 * be read; there is room again for texts; or the API server has gone back to an older state.
 */
export type RelistReason = 'expired' | 'refused' | 'silent' | 'unreadable' | 'room' | 'older';

/** What is to be done next. */
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

/** Decides what a list+watch loop does next, whatever has happened to it. */
export interface Recovery {
  next(): Step;
  listed(from: string): void;
  /** An event has come; `from`: where the watch can be resumed, if that is known. */
  moved(from: string | undefined): void;
  /** The watch has ended as it should. The pause, milliseconds. */
  ended(livedMs: number): number;
  /** The pause, milliseconds. */
  failed(error: unknown, livedMs: number): number;
  /** The next step is a list, without a pause. */
  listAgain(why: 'unreadable' | 'room' | 'older'): void;
}

export function createRecovery({ kind, clock, log, random, relisted }: RecoveryDeps): Recovery {
  const pauses = createBackoff({ ...PAUSES, random });
  /** Reset by watches only: lists that succeed and expire at once must not be fetched in a tight circle. */
  const relistPauses = createBackoff({ ...PAUSES, random });
  const outage = createOutage({ clock });
  const lists = createListChoice({ kind, clock, log });
  const resumes = createResumeFailures();
  let from: string | undefined;

  const next = (): Step => (from === undefined ? { kind: lists.next() } : { kind: 'resume', from });

  function good(): void {
    pauses.reset();
    resumes.reset();
    const ended = outage.over();
    // A watch that is cut once is resumed at once.
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
      const level = levelOf(error);
      const line = outage.failed(level);
      const hint = hintOf(error);
      if (line !== undefined)
        log[level]('watch failed', {
          kind,
          step,
          error: describeError(error),
          ...(hint !== undefined && { hint }),
          ...line,
        });
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

/** Whether the next list is a streaming one, or fetched in pages. */
function createListChoice({ kind, clock, log }: Pick<RecoveryDeps, 'kind' | 'clock' | 'log'>) {
  let streamingOffered = true;
  let pagesUntilMs = -Infinity;
  return {
    next(): 'stream' | 'page' {
      return streamingOffered && clock.monotonic() >= pagesUntilMs ? 'stream' : 'page';
    },
    /** Whether a streaming list has failed because the API server has none: pages from now on. */
    areNotOffered(error: unknown): boolean {
      if (!isNotTaken(error)) return false;
      streamingOffered = false;
      log.info('API server has no streaming lists; listing in pages', { kind });
      return true;
    },
    failed(list: 'stream' | 'page', error: unknown): void {
      // Some servers take the request for a streaming list and cannot end it.
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
    /** Why the resourceVersion is given up; undefined: it is not yet. */
    failed(error: unknown): RelistReason | undefined {
      if (error instanceof IdleTimeoutError || error instanceof OverdueError)
        return ++failures.silent >= TRIES.silent ? 'silent' : undefined;
      if (!(error instanceof ApiError) || isUnready(error)) return undefined;
      return isNotTaken(error) || isTooLarge(error) || ++failures.refused >= TRIES.refused
        ? 'refused'
        : undefined;
    },
  };
}

/** How long the API server asks us to wait. Milliseconds. */
function askedPause(error: unknown): number {
  return error instanceof ApiError ? Math.min(error.retryAfterMs, MAX_RETRY_AFTER_MS) : 0;
}

/** An expired resourceVersion is normal; a missing right needs the operator. */
function levelOf(error: unknown): 'info' | 'warn' | 'error' {
  if (!(error instanceof ApiError)) return 'warn';
  if (error.code === 410) return 'info';
  return error.code === 401 || error.code === 403 ? 'error' : 'warn';
}

/** Undefined if there is nothing to do. */
function hintOf(error: unknown): string | undefined {
  if (!(error instanceof ApiError)) return 'check the network between this server and the API server';
  if (error.code === 410) return undefined;
  return error.code === 401 || error.code === 403
    ? "check the server's ServiceAccount and its ClusterRole"
    : 'check the health of the API server; this server retries';
}

/** The server is busy or does not let us in: nothing is said of the resourceVersion. */
function isUnready({ code }: ApiError): boolean {
  return code === 401 || code === 403 || code === 429;
}

/** The request is not taken as it is. */
function isNotTaken(error: unknown): boolean {
  return error instanceof ApiError && (error.code === 400 || error.code === 422);
}

/** The server knows less than it did, as after a restored backup. */
function isTooLarge({ message }: ApiError): boolean {
  return message.includes('Too large resource version');
}

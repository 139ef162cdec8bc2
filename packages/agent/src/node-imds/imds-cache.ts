import { createTransition, describeError } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import { staysTheSame } from './groups.ts';
import type { KnownPath } from './known-path.ts';

export interface ImdsCacheDeps {
  /** Requests the path from the node's IMDS; undefined means its 404. Has a timeout of its own. */
  readonly fetchPath: (known: KnownPath) => Promise<string | undefined>;
  readonly clock: Clock;
  readonly log: Log;
}

/** The node's IMDS does not answer and no answer is cached: the Pod gets a 503. */
export class NodeImdsAway extends Error {
  override readonly name = 'NodeImdsAway';

  constructor(path: string, options: ErrorOptions) {
    super(`the node's IMDS does not answer for ${path}`, options);
  }
}

/** A failure is not retried earlier, so that Pods that ask in a loop do not reach IMDS each time. */
const RETRY_AFTER_MS = 1000;
/** How long an answer is fresh that changes only with the instance. */
const STATIC_MS = 3_600_000;
/** For tags, interfaces, directories and 404s. */
const CHANGING_MS = 60_000;
/** For notices of an end that may be two minutes away. */
const NOTICE_MS = 5_000;
const NOTICES = /^meta-data\/(?:autoscaling|events|spot)\//;
/** Cached answers. */
const MOST_ENTRIES = 256;

const HINT =
  "While this fails, Pods can read metadata of the node only from the cache. Their credentials are not affected. Check --imds-endpoint, and that the instance's metadata options enable the endpoint.";

interface Entry {
  /** Absent before the first answer. */
  answer?: { readonly body: string | undefined };
  freshUntilMs: number;
  failure?: { readonly error: NodeImdsAway; readonly untilMs: number };
  flight?: Promise<string | undefined>;
}

/** Bounded. One request per path at a time, however many Pods ask. Old answers are served while IMDS is unavailable. */
export function createImdsCache({ fetchPath, clock, log }: ImdsCacheDeps) {
  const entries = new Map<string, Entry>();
  const logUnavailable = createTransition<string>({
    begins: (error) => {
      log.warn('node IMDS does not respond', { error, hint: HINT });
    },
    ends: () => {
      log.info('node IMDS recovered');
    },
  });

  function refresh(known: KnownPath, entry: Entry): Promise<string | undefined> {
    entry.flight ??= fetchInto(known, entry).finally(() => {
      delete entry.flight;
    });
    return entry.flight;
  }

  /** Rejects only if no older answer is cached. */
  async function fetchInto(known: KnownPath, entry: Entry): Promise<string | undefined> {
    try {
      const body = await fetchPath(known);
      entry.answer = { body };
      entry.freshUntilMs = clock.monotonic() + freshMs(known, body);
      delete entry.failure;
      logUnavailable(undefined);
      return body;
    } catch (cause) {
      const error = new NodeImdsAway(known.path, { cause });
      entry.failure = { error, untilMs: clock.monotonic() + RETRY_AFTER_MS };
      logUnavailable(describeError(error));
      if (entry.answer === undefined) throw error;
      return entry.answer.body;
    }
  }

  return {
    async read(known: KnownPath): Promise<string | undefined> {
      const entry = touch(entries, known.path);
      if (entry.answer !== undefined && clock.monotonic() < entry.freshUntilMs) return entry.answer.body;
      if (entry.failure === undefined) return refresh(known, entry);
      // The last attempt failed: if there is an old answer, no request waits for the next attempt.
      const mayRetry = clock.monotonic() >= entry.failure.untilMs;
      if (entry.answer === undefined) {
        if (mayRetry || entry.flight !== undefined) return refresh(known, entry);
        throw entry.failure.error;
      }
      if (mayRetry) void refresh(known, entry);
      return entry.answer.body;
    },
  };
}

/** Finds or creates the entry; drops the least recently used one. */
function touch(entries: Map<string, Entry>, path: string): Entry {
  const entry = entries.get(path) ?? { freshUntilMs: 0 };
  entries.delete(path);
  entries.set(path, entry);
  const [oldest] = entries.keys();
  if (entries.size > MOST_ENTRIES && oldest !== undefined) entries.delete(oldest);
  return entry;
}

function freshMs({ path, kind, group }: KnownPath, body: string | undefined): number {
  if (NOTICES.test(path)) return NOTICE_MS;
  return group !== undefined && staysTheSame[group] && kind === 'file' && body !== undefined
    ? STATIC_MS
    : CHANGING_MS;
}

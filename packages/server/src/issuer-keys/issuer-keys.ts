import { createListeners, describeError, listenerFailed } from '@rolegate/runtime';
import type { Clock, Service } from '@rolegate/runtime';
import { createHeldKeys } from './known-keys.ts';
import type { HeldKeys, IssuerSettings, KnownKeys } from './known-keys.ts';
import type { OwnToken } from './own-token.ts';
import type { ReadDocuments } from './read-documents.ts';
import { createReadOutcome } from './read-outcome.ts';
import type { ReadOutcome, ReadOutcomeDeps } from './read-outcome.ts';

/** How often the keys are read; sooner after a failure. Milliseconds. */
const EVERY_MS = { ok: 300_000, failed: 30_000 };
/** However many tokens have an unknown key, there is at most one read in this time. Milliseconds. */
const AGAIN_MS = 10_000;

const CLASH_HINT =
  'No ServiceAccount token is accepted for container credentials. Set --container-credentials-audience of servers and agents, and the audience of the tokens, to a name that nothing else uses.';

export interface IssuerKeysStatus {
  readonly keys: number;
  readonly issuers: readonly string[];
  /** Since the last successful read; undefined before it. Milliseconds. */
  readonly ageMs: number | undefined;
  /** Of the last read, if it failed, or why no token is accepted. */
  readonly error: string | undefined;
}

export interface IssuerKeys extends Service {
  /** Undefined until they have been read. */
  readonly current: () => KnownKeys | undefined;
  /** Calls the listener whenever `current` has changed. The returned function removes it. */
  readonly onChange: (listener: () => void) => () => void;
  /** Whether a token with this `kid` and `iss` can be verified. */
  readonly knows: (keyId: string, issuer: string) => boolean;
  /** Reads the keys again, unless that was done just now. Never rejects. */
  readonly refresh: () => Promise<void>;
  /** Why no token with the configured audience is accepted; undefined if they are. */
  readonly audienceFault: () => string | undefined;
  readonly status: () => IssuerKeysStatus;
}

export interface IssuerKeysDeps extends ReadOutcomeDeps {
  readonly read: ReadDocuments;
  /** Read each time, because kubelet renews it. */
  readonly ownToken: () => OwnToken | undefined;
  readonly settings: IssuerSettings;
  /** Whether an agent needs the keys. */
  readonly needed: { readonly any: () => boolean; readonly onAny: (listener: () => void) => () => void };
  readonly clock: Clock;
}

/** Reads the API server's keys of ServiceAccount tokens while an agent needs them. */
export function createIssuerKeys(deps: IssuerKeysDeps): IssuerKeys {
  const { log, settings } = deps;
  const listeners = createListeners<undefined>({ failed: listenerFailed(log, 'issuer keys') });
  const outcome = createReadOutcome(deps);
  const held = createHeldKeys(settings);
  const { current, audienceFault } = held;
  const stop = new AbortController();

  function changed(): void {
    const error = audienceFault();
    if (error !== undefined)
      log.error('audience of container credentials refused', { error, hint: CLASH_HINT });
    listeners.tell(undefined);
  }

  const reads = createReads({ ...deps, held, outcome, changed, signal: stop.signal });

  return {
    name: 'issuer keys',
    run(signal) {
      signal.addEventListener('abort', () => {
        stop.abort();
      });
      return runWhileNeeded(signal, { ...deps, outcome, reads });
    },
    current,
    onChange: listeners.on,
    knows: (keyId, issuer) =>
      current()?.issuers.includes(issuer) === true && current()?.keys.some(({ id }) => id === keyId) === true,
    refresh: reads.refresh,
    audienceFault,
    status: () => ({
      keys: current()?.keys.length ?? 0,
      issuers: current()?.issuers ?? [],
      ageMs: outcome.ageMs(),
      error: audienceFault() ?? outcome.error,
    }),
  };
}

interface ReadsDeps extends Pick<IssuerKeysDeps, 'read' | 'ownToken' | 'clock'> {
  readonly held: HeldKeys;
  readonly outcome: ReadOutcome;
  readonly changed: () => void;
  readonly signal: AbortSignal;
}

/** Reads one at a time, and not too often. */
function createReads({ read, ownToken, clock, held, outcome, changed, signal }: ReadsDeps) {
  let reading: Promise<void> | undefined;
  let startedMs = -Infinity;

  async function readOnce(): Promise<void> {
    startedMs = clock.monotonic();
    try {
      held.sawToken(ownToken());
      const documents = await read(signal);
      const isNew = held.take(documents, clock.monotonic());
      const { issuers, keys } = held.current() ?? { issuers: [], keys: [] };
      outcome.ok({ keys: keys.length, issuers, skipped: documents.skipped });
      if (isNew) changed();
    } catch (error) {
      if (!signal.aborted) outcome.failed(describeError(error));
    } finally {
      reading = undefined;
    }
  }

  return {
    refresh: (): Promise<void> => {
      if (reading === undefined && clock.monotonic() - startedMs < AGAIN_MS) return Promise.resolve();
      return (reading ??= readOnce());
    },
    /** The keys would be old when they are needed again. */
    forget: (): void => {
      held.forget();
      outcome.forget();
      startedMs = -Infinity;
    },
  };
}

interface LoopDeps extends Pick<IssuerKeysDeps, 'needed' | 'clock'> {
  readonly outcome: ReadOutcome;
  readonly reads: ReturnType<typeof createReads>;
}

async function runWhileNeeded(
  signal: AbortSignal,
  { needed, clock, outcome, reads }: LoopDeps,
): Promise<void> {
  while (!signal.aborted) {
    const woken = new AbortController();
    const unlisten = needed.onAny(() => {
      woken.abort();
    });
    if (needed.any()) await reads.refresh();
    else reads.forget();
    const pauseMs = outcome.error === undefined ? EVERY_MS.ok : EVERY_MS.failed;
    await clock.sleep(pauseMs, AbortSignal.any([signal, woken.signal]));
    unlisten();
  }
}

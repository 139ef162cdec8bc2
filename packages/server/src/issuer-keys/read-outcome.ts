import type { Clock, Log } from '@rolegate/runtime';

const HINT =
  'Keys that were read before stay valid; tokens of unknown keys are reviewed by the API server. Grant the ServiceAccount of the server "get" on /openid/v1/jwks and /.well-known/openid-configuration, as the chart does with containerCredentials.enabled.';

export interface ReadOutcomeDeps {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Log;
  readonly metrics: { issuerKeysRead(outcome: 'ok' | 'failed'): void };
}

/** Logs, counts and remembers how the reads of issuer keys end. */
export interface ReadOutcome {
  /** `skipped`: the number of keys that are not accepted. */
  ok(read: { readonly keys: number; readonly issuers: readonly string[]; readonly skipped: number }): void;
  failed(error: string): void;
  /** Of the last read, if it failed. */
  readonly error: string | undefined;
  /** Since the last successful read. Milliseconds. */
  ageMs(): number | undefined;
  forget(): void;
}

export function createReadOutcome({ clock, log, metrics }: ReadOutcomeDeps): ReadOutcome {
  let error: string | undefined;
  let readMs: number | undefined;
  /** As logged. */
  let last = '';

  return {
    ok(read) {
      metrics.issuerKeysRead('ok');
      readMs = clock.monotonic();
      error = undefined;
      const now = JSON.stringify(read);
      if (now !== last) log.info('issuer keys read', read);
      last = now;
    },
    failed(message) {
      metrics.issuerKeysRead('failed');
      log[message === error ? 'debug' : 'warn']('cannot read issuer keys', { error: message, hint: HINT });
      error = message;
      last = '';
    },
    get error() {
      return error;
    },
    ageMs: () => (readMs === undefined ? undefined : clock.monotonic() - readMs),
    forget() {
      error = undefined;
      readMs = undefined;
    },
  };
}

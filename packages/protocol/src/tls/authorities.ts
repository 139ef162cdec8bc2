import { poll } from './poll.ts';
import { loadAuthorities, stampOfTlsFiles } from './files.ts';
import type { Authorities } from './files.ts';
import { POLL_MS } from './source.ts';
import type { TlsSourceOptions } from './source.ts';

export interface AuthoritiesOptions extends Pick<TlsSourceOptions, 'clock' | 'log' | 'signal' | 'pollMs'> {
  readonly file: string;
}

/** The authorities of one file, always the last that were good. */
export interface AuthoritiesSource {
  /** Undefined: there never were any, for the reason that `fault` tells. */
  current(): Authorities | undefined;
  /** What is wrong with the file now; undefined: nothing. */
  fault(): string | undefined;
  /** Called after each change, with what is new. */
  onChange(call: (authorities: Authorities) => void): void;
}

/**
 * Follows a file of authorities that may not be there yet: what writes it may start later. A bad change is logged and passed
 * over until the file is good again.
 */
export function watchAuthorities({
  file,
  clock,
  log,
  signal,
  pollMs = POLL_MS,
}: AuthoritiesOptions): AuthoritiesSource {
  const listeners = new Set<(authorities: Authorities) => void>();
  let stamp = '';
  let current: Authorities | undefined;
  let fault: string | undefined;

  function look(): void {
    try {
      const seen = stampOfTlsFiles({ ca: file });
      if (seen === stamp && fault === undefined) return;
      adopt(seen, loadAuthorities(file, { nowMs: clock.now() }));
    } catch (error) {
      complain(error instanceof Error ? error.message : String(error));
    }
  }

  function adopt(seen: string, loaded: Authorities): void {
    stamp = seen;
    fault = undefined;
    if (current?.ca.equals(loaded.ca) === true) return;
    if (current !== undefined) log.info('CA bundle reloaded', { file });
    current = loaded;
    for (const call of listeners) call(loaded);
  }

  function complain(message: string): void {
    if (message !== fault) {
      if (current === undefined)
        log.error('waiting for a usable CA bundle', {
          file,
          error: message,
          hint: 'Check that whatever writes the file is running and that it writes PEM certificates.',
        });
      else
        log.error('changed CA bundle rejected', {
          file,
          error: message,
          hint: 'Correct the file. The previous CA bundle stays in use until then.',
        });
    }
    fault = message;
  }

  look();
  poll(look, { everyMs: pollMs, clock, signal });
  return {
    current: () => current,
    fault: () => fault,
    onChange: (call) => void listeners.add(call),
  };
}

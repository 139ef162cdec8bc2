import { poll } from './poll.ts';
import { loadAuthorities, stampOfTlsFiles } from './files.ts';
import type { Authorities } from './files.ts';
import { POLL_MS } from './source.ts';
import type { TlsSourceOptions } from './source.ts';

export interface AuthoritiesOptions extends Pick<TlsSourceOptions, 'clock' | 'log' | 'signal' | 'pollMs'> {
  readonly file: string;
}

/** The latest valid authorities of a file. */
export interface AuthoritiesSource {
  /** Undefined if there have never been any. `fault` says why. */
  current(): Authorities | undefined;
  /** What is wrong with the file. Undefined if it is valid. */
  fault(): string | undefined;
  /** Calls after each change with the new authorities. */
  onChange(call: (authorities: Authorities) => void): void;
}

/**
 * Follows a file of authorities, which may be created later. An invalid change is logged and ignored until the file is
 * valid again.
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
          hint: 'Connections fail until the file is usable. Check that the program that writes it is running and writes PEM certificates.',
        });
      else
        log.error('changed CA bundle rejected', {
          file,
          error: message,
          hint: 'The previous CA bundle stays in use. Correct the file.',
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

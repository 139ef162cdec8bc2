import type { RefusedHandshake } from '@rolegate/protocol';
import { createStorms } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';

/** A client that is refused comes again and again: so many lines in this time. Milliseconds. */
const LINES = 5;
const WINDOW_MS = 60_000;

/** Logs why clients were refused in the TLS handshake: nobody else learns it. */
export function createRefusedHandshakes({ clock, log }: { clock: Clock; log: Log }) {
  const isWritten = createStorms<undefined>({
    ...{ clock, lines: LINES, windowMs: WINDOW_MS },
    ended: (leftOut) => {
      log.info('refused handshakes left out of the log', { leftOut });
    },
  });
  return ({ peer, fault }: RefusedHandshake): void => {
    if (isWritten('', undefined)) log.warn('client refused in the handshake', { peer, error: fault });
  };
}

import type { RefusedHandshake } from '@rolegate/protocol';
import type { Clock, Log } from '@rolegate/runtime';

/** A client that is refused comes again and again: so many lines in this time. Milliseconds. */
const LINES = 5;
const WINDOW_MS = 60_000;

/** Logs why clients were refused in the TLS handshake: nobody else learns it. */
export function createRefusedHandshakes({ clock, log }: { clock: Clock; log: Log }) {
  let lines = 0;
  let leftOut = 0;

  function endWindow(): void {
    if (leftOut > 0) log.info('refused handshakes left out of the log', { leftOut });
    lines = 0;
    leftOut = 0;
  }

  return ({ peer, fault }: RefusedHandshake): void => {
    if (lines === 0) clock.schedule(WINDOW_MS, endWindow);
    if (lines >= LINES) leftOut += 1;
    else log.warn('client refused in the handshake', { peer, error: fault });
    lines = Math.min(LINES, lines + 1);
  };
}

import type { RefusedHandshake } from '@rolegate/protocol';
import { createStorms } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import { hostOf } from './identity/foreign-nodes.ts';

/** A client that is refused comes again and again: so many lines of one address in this time. */
const LINES = 5;
/** Milliseconds. */
const WINDOW_MS = 60_000;
/** Addresses that are told apart in this time. */
const MOST_ADDRESSES = 64;

/** Logs why clients were refused in the TLS handshake: nobody else learns it. */
export function createRefusedHandshakes({ clock, log }: { clock: Clock; log: Log }) {
  const isWritten = createStorms<string>({
    clock,
    lines: LINES,
    windowMs: WINDOW_MS,
    mostGroups: MOST_ADDRESSES,
    ended: (leftOut, last, of) => {
      log.info('refused handshakes left out of the log', { ...(of === 'key' && { peer: last }), leftOut });
    },
  });
  return ({ peer, fault }: RefusedHandshake): void => {
    if (isWritten(hostOf(peer), '', peer))
      log.warn('client refused in the handshake', { peer, error: fault });
  };
}

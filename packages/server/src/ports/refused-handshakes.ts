import type { HandshakeFault, RefusedHandshake } from '@rolegate/protocol';
import { createLogLimiter } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import { hostOf } from '../limits/rate-limits.ts';

/** A client that is refused comes again and again: so many lines of one address and fault in this time. */
const LINES = 5;
/** Milliseconds. */
const WINDOW_MS = 60_000;
/** Addresses that are told apart in this time. */
const MOST_ADDRESSES = 64;

/** What helps if the server is its own authority: there is no --ca to mend. */
const AUTHORITY_HINTS: Partial<Record<HandshakeFault, string>> = {
  no_certificate:
    'upgrade agents before servers: agents of version 0.1 attest on this port, later ones on --attest-bind',
  certificate:
    'an agent attests again by itself; if it does not, see its log, the clocks of both, and "rolegate-server authority status"',
};

export interface RefusedHandshakesDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: { refusedHandshake(why: HandshakeFault): void };
  /** The server is its own authority. */
  readonly byAuthority: boolean;
}

export type NoteRefusedHandshake = (refused: Omit<RefusedHandshake, 'accepted'>) => void;

/** Counts and logs why clients were refused in the TLS handshake: nobody else learns it. */
export function createRefusedHandshakes(deps: RefusedHandshakesDeps): NoteRefusedHandshake {
  const { clock, log, metrics, byAuthority } = deps;
  const isWritten = createLogLimiter<string>({
    clock,
    lines: LINES,
    windowMs: WINDOW_MS,
    mostGroups: MOST_ADDRESSES,
    ended: (leftOut, last, of) => {
      log.info('refused handshakes omitted from log', { ...(of === 'key' && { peer: last }), leftOut });
    },
  });
  return ({ peer, why, fault, hint }) => {
    metrics.refusedHandshake(why);
    const advice =
      (byAuthority ? AUTHORITY_HINTS[why] : undefined) ??
      hint ??
      'find out which client connects from this address';
    if (isWritten(hostOf(peer), why, peer))
      log.warn('TLS handshake refused', {
        peer,
        error: fault,
        hint: advice,
      });
  };
}

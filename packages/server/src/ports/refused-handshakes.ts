import type { HandshakeFault, RefusedHandshake } from '@rolegate/protocol';
import { createLogLimiter } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import { hostOf } from '../limits/rate-limits.ts';

/** The most lines of one address and fault in a window, because refused clients retry. */
const LINES = 5;
/** Milliseconds. */
const WINDOW_MS = 60_000;
/** The most addresses that are distinguished in a window. */
const MOST_ADDRESSES = 64;

/** Hints if the server uses its own authority, so that there is no --ca to correct. */
const AUTHORITY_HINTS: Partial<Record<HandshakeFault, string>> = {
  no_certificate:
    'Upgrade agents before servers. Agents of version 0.1 attest on this port, later ones on --attest-bind.',
  certificate:
    'If the agent does not attest again on its own, check its log, the clocks of both, and "rolegate-server authority status".',
};

export interface RefusedHandshakesDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: { refusedHandshake(why: HandshakeFault): void };
  /** The server uses its own authority. */
  readonly byAuthority: boolean;
}

export type NoteRefusedHandshake = (refused: Omit<RefusedHandshake, 'accepted'>) => void;

/** Counts and logs why clients were refused in the TLS handshake. */
export function createRefusedHandshakes(deps: RefusedHandshakesDeps): NoteRefusedHandshake {
  const { clock, log, metrics, byAuthority } = deps;
  const isWritten = createLogLimiter<string>({
    clock,
    lines: LINES,
    windowMs: WINDOW_MS,
    mostGroups: MOST_ADDRESSES,
    ended: (leftOut, last, of) => {
      log.info('refused handshake lines suppressed', { ...(of === 'key' && { peer: last }), leftOut });
    },
  });
  return ({ peer, why, fault, hint }) => {
    metrics.refusedHandshake(why);
    const advice =
      (byAuthority ? AUTHORITY_HINTS[why] : undefined) ??
      hint ??
      'Find out which client connects from this address.';
    if (isWritten(hostOf(peer), why, peer))
      log.warn('TLS handshake refused', {
        peer,
        error: fault,
        hint: advice,
      });
  };
}

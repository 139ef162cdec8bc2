import { createLimitLog } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';

/** Every limit of the gRPC ports and of attestation (DESIGN.md 4.11), as metric and log name it. */
export const portLimitNames = [
  'connection_rate',
  'handshakes',
  'connection_bytes',
  'attest_connections',
  'attest_calls',
  'attest_rate',
  'token_reviews',
  'node_connections',
  'node_calls',
] as const;
export type PortLimitName = (typeof portLimitNames)[number];

/** Who met a limit. */
export interface PortLimitSubject {
  /** The source address, without a port; of an IPv6 address its /64. */
  readonly address: string;
  /** If a certificate or a token has proven it. */
  readonly node?: string | undefined;
}

export type PortLimitHit = (limit: PortLimitName, subject: PortLimitSubject) => void;

export interface PortLimitHitsDeps {
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  readonly log: Log;
  readonly counted: (limit: PortLimitName) => void;
}

const WINDOW_MS = 60_000;

const NOT_AN_AGENT = 'see what connects from this address: no released agent does this';
const HINTS: Readonly<Record<PortLimitName, string>> = {
  connection_rate:
    'see what connects from this address; agents that share one, behind a NAT, connect one after the other',
  handshakes: 'see what connects from this address and does not finish its TLS handshake',
  connection_bytes: NOT_AN_AGENT,
  attest_connections: 'see what connects to the attestation port from so many places',
  attest_calls: NOT_AN_AGENT,
  attest_rate:
    'see which Pods or hosts with this address show tokens of no agent; agents are not held up by them',
  token_reviews: 'see whether the API server answers TokenReviews, and who shows so many tokens',
  node_connections:
    'see how many agents run on this node; eight connections of a node are kept, the newest ones',
  node_calls: NOT_AN_AGENT,
};

/** Counts limits that were met, and logs a line a minute for each address and limit, and one for what was left out. */
export function createPortLimitHits({ clock, log, counted }: PortLimitHitsDeps): PortLimitHit {
  const note = createLimitLog({ clock, log, windowMs: WINDOW_MS });
  return (limit, subject) => {
    counted(limit);
    note(subject.node ?? subject.address, limit, { limit, ...subject }, { hint: HINTS[limit] });
  };
}

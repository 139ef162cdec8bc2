import { X509Certificate } from 'node:crypto';
import type { Clock } from '@rolegate/runtime';
import { roughly } from '@rolegate/runtime';
import type { ModeReadings } from './readings.ts';

/** The feed and the certificate, as the status shows them. */
export interface ServerFacts {
  readonly feed: {
    readonly connected: boolean;
    /** Of the latest feed; undefined: there has been none. */
    readonly server: string | undefined;
    /** How long the feed has been connected or lost. */
    readonly sinceSeconds: number;
    /** Age of what the agent knows; 0 while connected. */
    readonly staleSeconds: number;
    readonly lastFault: string | undefined;
    readonly lastFaultAgoSeconds: number | undefined;
  };
  readonly certificate: {
    /** The names in it; undefined: no certificate. */
    readonly of: string | undefined;
    readonly ends: string | undefined;
    readonly remainingSeconds: number | undefined;
    /** True, or what is wrong with it. */
    readonly state: boolean | string;
  };
  /** How far the node's clock was ahead of the server's when the feed began; 0 before. */
  readonly clockSkewMs: number;
}

type Server = NonNullable<ModeReadings['server']>;

export function serverFacts({ feed, identity, skewMs }: Server, clock: Clock): ServerFacts {
  const { server, sinceMs, lastFault } = feed.status();
  const nowMs = clock.monotonic();
  const seconds = (fromMs: number | undefined) =>
    fromMs === undefined ? undefined : Math.max(0, Math.floor((nowMs - fromMs) / 1000));
  return {
    feed: {
      connected: feed.connected,
      server,
      sinceSeconds: seconds(sinceMs) ?? 0,
      staleSeconds: seconds(feed.lostSinceMs) ?? 0,
      lastFault: lastFault?.message,
      lastFaultAgoSeconds: seconds(lastFault?.atMs),
    },
    certificate: { ...certificateOf(identity, clock), state: identity.check.ready() },
    clockSkewMs: Math.round(skewMs()),
  };
}

/** One line per fact. */
export function serverFactLines({
  feed,
  certificate,
}: ServerFacts): (readonly [string, string | undefined])[] {
  const age = roughly(feed.sinceSeconds * 1000);
  const away =
    feed.server === undefined
      ? `no server reached for ${age}`
      : `LOST for ${roughly(feed.staleSeconds * 1000)}; last server ${feed.server}; cached credentials stay in use until they expire`;
  const fault =
    feed.lastFault && `${feed.lastFault} (${roughly((feed.lastFaultAgoSeconds ?? 0) * 1000)} ago)`;
  const { of, ends = '', remainingSeconds = 0, state } = certificate;
  const life = remainingSeconds > 0 ? `for ${roughly(remainingSeconds * 1000)} more` : 'EXPIRED';
  return [
    ['feed', feed.connected ? `connected to ${feed.server ?? ''} for ${age}` : away],
    ['  last error', fault],
    ['certificate', of === undefined ? 'none' : `${of}, until ${ends}, ${life}`],
    ['  error', state === true ? undefined : String(state)],
  ];
}

function certificateOf({ tls }: Server['identity'], clock: Clock) {
  const none = { of: undefined, ends: undefined, remainingSeconds: undefined };
  try {
    const { cert } = tls.current();
    if (cert === undefined) return none;
    const { subjectAltName, subject, validToDate } = new X509Certificate(cert);
    const remainingSeconds = Math.floor((validToDate.getTime() - clock.now()) / 1000);
    return { of: subjectAltName ?? subject, ends: validToDate.toISOString(), remainingSeconds };
  } catch {
    return none; // no authority yet
  }
}

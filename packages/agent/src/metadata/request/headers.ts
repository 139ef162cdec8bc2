import { readHeaders } from '../../pod-http/read-headers.ts';

/** The relevant headers, read in one pass over the raw ones. */
export interface RequestHeaders {
  /** undefined: absent. */
  readonly host: string | undefined;
  readonly token: string | undefined;
  readonly ttl: string | undefined;
  readonly forwarded: boolean;
  /** '' when absent. */
  readonly userAgent: string;
  /** One of the first three occurs several times, so it is ambiguous. */
  readonly repeated: boolean;
}

/** The first three must not be repeated. */
const NAMES = [
  'host',
  'x-aws-ec2-metadata-token',
  'x-aws-ec2-metadata-token-ttl-seconds',
  'x-forwarded-for',
  'user-agent',
];
const ONCE = 3;

/** Reads alternating names and values, as the HTTP server provides them. */
export function readRequestHeaders(raw: readonly string[]): RequestHeaders {
  const { values, repeated } = readHeaders(raw, NAMES, ONCE);
  const [host, token, ttl, forwarded, userAgent = ''] = values;
  return { host, token, ttl, forwarded: forwarded !== undefined, userAgent, repeated };
}

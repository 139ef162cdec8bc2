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

/** Reads alternating names and values, as the HTTP server provides them. */
export function readRequestHeaders(raw: readonly string[]): RequestHeaders {
  let host: string | undefined;
  let token: string | undefined;
  let ttl: string | undefined;
  let forwarded = false;
  let userAgent = '';
  let repeated = false;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const value = raw[at + 1] ?? '';
    switch ((raw[at] ?? '').toLowerCase()) {
      case 'host':
        repeated ||= host !== undefined;
        host = value;
        break;
      case 'x-aws-ec2-metadata-token':
        repeated ||= token !== undefined;
        token = value;
        break;
      case 'x-aws-ec2-metadata-token-ttl-seconds':
        repeated ||= ttl !== undefined;
        ttl = value;
        break;
      case 'x-forwarded-for':
        forwarded = true;
        break;
      case 'user-agent':
        userAgent = value;
        break;
      default:
    }
  }
  return { host, token, ttl, forwarded, userAgent, repeated };
}

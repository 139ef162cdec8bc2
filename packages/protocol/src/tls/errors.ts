/** What stands in grpc-js's and OpenSSL's words, and what it means to an operator. First fit counts. */
const MEANINGS: readonly (readonly [RegExp, string])[] = [
  [
    /SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(?:GET_ISSUER|VERIFY_LEAF)|self[- ]signed certificate|unable to (?:get|verify)/i,
    "the server's certificate is of an authority that --ca does not hold",
  ],
  [
    /CERT_HAS_EXPIRED|certificate has expired/i,
    "the server's certificate has expired, or this clock is wrong",
  ],
  [
    /CERT_NOT_YET_VALID|certificate is not yet valid/i,
    "the server's certificate is not valid yet, or this clock is wrong",
  ],
  [
    /ERR_TLS_CERT_ALTNAME_INVALID|does not match certificate's altnames/i,
    "the server's certificate does not name the server as it was called",
  ],
  [
    /alert (?:number 48|unknown ca)/i,
    'the server does not know the authority of our certificate: its --ca must hold it',
  ],
  [
    /alert (?:number 116|certificate required)/i,
    'the server got no certificate from us: give --cert and --key',
  ],
  [/alert (?:number 45|certificate expired)/i, 'the server says that our certificate has expired: renew it'],
  [
    /alert (?:number 4[2346]|(?:bad|unsupported|unknown) certificate)/i,
    'the server does not take our certificate',
  ],
  [
    /unsupported protocol|protocol version|wrong version number|packet length too long/i,
    'the other side does not speak TLS 1.3',
  ],
  [/ECONNREFUSED/, 'nothing listens at the address'],
  [/ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/, 'the address cannot be reached'],
  [
    /ECONNRESET|socket hang up|before secure TLS connection|Failed to connect|Socket closed/i,
    'the server closed the connection: it may have refused our certificate, see its log',
  ],
];

/** An error of a connection in an operator's words, its own text behind it. */
export function describeHandshakeError(error: unknown): string {
  const text = textOf(error);
  const meaning = MEANINGS.find(([pattern]) => pattern.test(text))?.[1];
  return meaning === undefined ? text : `${meaning} (${text})`;
}

/** All that an error says: grpc-js hides the cause in `details`, Node in `code`. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, details } = error as { code?: unknown; details?: unknown };
  const parts = [typeof details === 'string' ? details : error.message];
  if (typeof code === 'string' && !parts[0]?.includes(code)) parts.unshift(code);
  if (error.cause !== undefined) parts.push(textOf(error.cause));
  return parts.join(': ');
}

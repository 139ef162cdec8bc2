/** Maps error texts of grpc-js and OpenSSL to explanations for operators. The first match is used. */
const MEANINGS: readonly (readonly [RegExp, string])[] = [
  [
    /SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(?:GET_ISSUER|VERIFY_LEAF)|self[- ]signed certificate|unable to (?:get|verify)/i,
    "the server's certificate was issued by an authority that is not in --ca",
  ],
  [
    /CERT_HAS_EXPIRED|certificate has expired/i,
    "the server's certificate has expired, or this machine's clock is wrong",
  ],
  [
    /CERT_NOT_YET_VALID|certificate is not yet valid/i,
    "the server's certificate is not valid yet, or this machine's clock is wrong",
  ],
  [
    /ERR_TLS_CERT_ALTNAME_INVALID|does not match certificate's altnames/i,
    "the server's certificate is not for the name that was used to connect",
  ],
  [
    /alert (?:number 48|unknown ca)/i,
    'the server does not trust the authority of our certificate; add it to the --ca of the server',
  ],
  [
    /alert (?:number 116|certificate required)/i,
    'the server got no certificate from us; set --cert and --key',
  ],
  [
    /alert (?:number 45|certificate expired)/i,
    'our certificate has expired according to the server; renew it',
  ],
  [
    /alert (?:number 4[2346]|(?:bad|unsupported|unknown) certificate)/i,
    'the server rejected our certificate',
  ],
  [
    /unsupported protocol|protocol version|wrong version number|packet length too long/i,
    'the other side does not speak TLS 1.3',
  ],
  [/ECONNREFUSED/, 'nothing is listening on the address'],
  [/ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/, 'the address cannot be reached'],
  [
    /ECONNRESET|socket hang up|before secure TLS connection|Failed to connect|Socket closed/i,
    'the server closed the connection; it may have refused our certificate, see its log',
  ],
];

/** Explains a connection error to an operator, followed by its own text. */
export function describeHandshakeError(error: unknown): string {
  const text = textOf(error);
  const meaning = MEANINGS.find(([pattern]) => pattern.test(text))?.[1];
  return meaning === undefined ? text : `${meaning} (${text})`;
}

/** The whole text of an error: grpc-js hides the cause in `details`, Node in `code`. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, details } = error as { code?: unknown; details?: unknown };
  const parts = [typeof details === 'string' ? details : error.message];
  if (typeof code === 'string' && !parts[0]?.includes(code)) parts.unshift(code);
  if (error.cause !== undefined) parts.push(textOf(error.cause));
  return parts.join(': ');
}

import { randomBytes } from 'node:crypto';

/** A ServiceAccount token that the API server has not signed. In texts, `#` is replaced by random characters. */
export interface ForgedToken {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** The length of an ES256 signature. */
const SIGNATURE_BYTES = 64;

/** Each is another one: at least the signature is random. */
export function forgeToken({ header, claims }: ForgedToken): string {
  const parts = [header, claims].map((part) => {
    const text = JSON.stringify(part).replaceAll('#', () => randomBytes(16).toString('hex'));
    return Buffer.from(text).toString('base64url');
  });
  return [...parts, randomBytes(SIGNATURE_BYTES).toString('base64url')].join('.');
}

/** Takes a valid token as the model. */
export function forgedFrom(token: string, header: ForgedToken['header'] = {}): ForgedToken {
  const [head = {}, claims = {}] = token
    .split('.', 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>);
  return { header: { ...head, ...header }, claims };
}

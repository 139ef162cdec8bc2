import { LONGEST_SERVICE_ACCOUNT_TOKEN } from '@rolegate/protocol';
import { isAlgorithm } from './algorithms.ts';
import type { Algorithm } from './algorithms.ts';
import { readStrictObject } from './strict-json.ts';

/** A ServiceAccount token taken apart. Nothing in it is verified. */
export interface ParsedToken {
  readonly algorithm: Algorithm;
  readonly keyId: string;
  readonly claims: Readonly<Record<string, unknown>>;
  /** Header and claims as they were signed. */
  readonly signed: string;
  readonly signature: Buffer;
}

/** Why a token is invalid, for the operator's log: begins with "it" and contains no part of the token. */
export interface TokenFault {
  readonly fault: string;
}

/** Three parts in base64url, without padding. */
const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;
/** The API server's are 43 characters long. */
export const LONGEST_KEY_ID = 256;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Why a text cannot be a token, before it is remembered or taken apart; undefined if it can. */
export function shapeFault(token: string): string | undefined {
  if (token.length > LONGEST_SERVICE_ACCOUNT_TOKEN)
    return `it is longer than ${LONGEST_SERVICE_ACCOUNT_TOKEN} bytes`;
  // In JavaScript $ matches only at the end of the text, so a trailing newline is refused.
  return COMPACT.test(token) ? undefined : 'it is not a JSON Web Token';
}

/** Takes a signed JSON Web Token (RFC 7515, compact) apart. */
export function parseToken(token: string): ParsedToken | TokenFault {
  const shape = shapeFault(token);
  if (shape !== undefined) return { fault: shape };
  const [, head = '', body = '', end = ''] = COMPACT.exec(token) ?? [];
  const signature = decoded(end);
  const header = objectIn(head);
  const claims = objectIn(body);
  if (signature === undefined) return { fault: 'its signature is not base64url' };
  if (header === undefined) return { fault: 'its header is not a JSON object with distinct names' };
  if (claims === undefined) return { fault: 'its claims are not a JSON object with distinct names' };
  const { alg, kid, typ, crit } = header;
  if (crit !== undefined) return { fault: 'its header has critical extensions' };
  if (typ !== undefined && !isJwt(typ)) return { fault: 'its header names another type than JWT' };
  if (!isAlgorithm(alg)) return { fault: 'its algorithm is none of RS256, ES256, ES384 and ES512' };
  if (typeof kid !== 'string' || kid === '' || kid.length > LONGEST_KEY_ID)
    return { fault: 'its header names no key' };
  return { algorithm: alg, keyId: kid, claims, signed: `${head}.${body}`, signature };
}

function isJwt(typ: unknown): boolean {
  return typeof typ === 'string' && typ.toUpperCase() === 'JWT';
}

function objectIn(part: string): Readonly<Record<string, unknown>> | undefined {
  const bytes = decoded(part);
  if (bytes === undefined) return undefined;
  try {
    return readStrictObject(utf8.decode(bytes));
  } catch {
    return undefined; // not UTF-8
  }
}

/** Undefined if the same bytes could be written differently: unused bits must be zero. */
function decoded(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.toString('base64url') === part ? bytes : undefined;
}

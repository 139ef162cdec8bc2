import { randomBytes } from 'node:crypto';
import { record } from '@rolegate/runtime';
import { AuthorityFault, knownAuthority } from './authorities.ts';
import type { Authorities, KnownAuthority } from './authorities.ts';
import type { AuthorityState } from './rotation.ts';

/** The state that all replicas share. */
export interface Shared {
  readonly authorities: Authorities;
  /** The keys of metadata tokens are derived from it. 32 bytes. */
  readonly tokenSecret: Buffer;
  /** Incremented with each change (DESIGN.md 4.6); 0 if a server of 0.1 wrote it. */
  readonly generation: number;
}

/** Values of a Secret, decoded. */
export type SecretValues = Readonly<Record<string, string>>;

const AUTHORITIES = 'authorities.json';
const TOKEN_SECRET = 'token-secret';
const TOKEN_SECRET_BYTES = 32;
/** The keys that a server writes into the Secret. */
export const secretKeys: readonly string[] = [AUTHORITIES, TOKEN_SECRET];

/** Beyond it, incrementing would lose precision. */
const HIGHEST_GENERATION = 1e15;

const ID = /^[0-9a-f]{16}$/;
const STATES: readonly unknown[] = ['prepared', 'active', 'retired'] satisfies AuthorityState[];

export function newTokenSecret(): Buffer {
  return randomBytes(TOKEN_SECRET_BYTES);
}

/** Whether a Secret was created empty, or emptied. */
export function isEmptied(values: SecretValues): boolean {
  return [AUTHORITIES, TOKEN_SECRET].every((key) => (values[key] ?? '').trim() === '');
}

export function writeShared({ authorities, tokenSecret, generation }: Shared): SecretValues {
  const all = authorities.all.map(({ id, state, sinceMs, certificatePem, keyPem }) => ({
    id,
    state,
    sinceMs,
    certificatePem,
    ...(keyPem !== undefined && { keyPem }),
  }));
  // Servers of 0.1 ignore the generation and do not write it.
  const text = JSON.stringify({ generation, authorities: all, removed: authorities.removed }, null, 1);
  return { [AUTHORITIES]: text, [TOKEN_SECRET]: tokenSecret.toString('hex') };
}

/** Throws an AuthorityFault if the Secret is invalid. Its message contains nothing of the Secret. */
export function readShared(values: SecretValues, nowMs: number): Shared {
  const tokenSecret = readTokenSecret(values[TOKEN_SECRET] ?? '');
  const stored = record(parse(values[AUTHORITIES] ?? ''));
  const { authorities, removed = [], generation = 0 } = stored;
  if (!Array.isArray(authorities) || !Array.isArray(removed))
    throw new AuthorityFault(`${AUTHORITIES} has no list of authorities`);
  const all = authorities.map(readAuthority);
  check(all, nowMs);
  return {
    authorities: { all, removed: removed.map(readRemoved) },
    tokenSecret,
    generation: readGeneration(generation),
  };
}

function readGeneration(stored: unknown): number {
  if (Number.isInteger(stored) && (stored as number) >= 0 && (stored as number) <= HIGHEST_GENERATION)
    return stored as number;
  throw new AuthorityFault(`${AUTHORITIES}: the generation is not an integer from 0 to 10^15`);
}

function readTokenSecret(text: string): Buffer {
  const hex = text.trim();
  if (hex.length !== 2 * TOKEN_SECRET_BYTES || !/^[0-9a-f]*$/i.test(hex))
    throw new AuthorityFault(`${TOKEN_SECRET} is not ${TOKEN_SECRET_BYTES} bytes in hexadecimal`);
  return Buffer.from(hex, 'hex');
}

function readAuthority(stored: unknown): KnownAuthority {
  const { id, state, sinceMs, certificatePem, keyPem } = record(stored);
  if (typeof id !== 'string' || !ID.test(id))
    throw new AuthorityFault(`${AUTHORITIES}: an authority has no id`);
  if (!STATES.includes(state) || typeof sinceMs !== 'number' || typeof certificatePem !== 'string')
    throw new AuthorityFault(`${AUTHORITIES}: authority ${id} is incomplete`);
  if (keyPem !== undefined && typeof keyPem !== 'string')
    throw new AuthorityFault(`${AUTHORITIES}: the key of authority ${id} is not a string`);
  return knownAuthority({
    id,
    state: state as AuthorityState,
    sinceMs,
    certificatePem,
    ...(keyPem !== undefined && { keyPem }),
  });
}

function readRemoved(stored: unknown): Authorities['removed'][number] {
  const { id, endsMs } = record(stored);
  if (typeof id !== 'string' || typeof endsMs !== 'number')
    throw new AuthorityFault(`${AUTHORITIES}: the list of removed authorities does not parse`);
  return { id, endsMs };
}

function check(all: readonly KnownAuthority[], nowMs: number): void {
  const [active, ...more] = all.filter(({ state }) => state === 'active');
  if (active === undefined || more.length > 0)
    throw new AuthorityFault(
      `${AUTHORITIES}: ${more.length === 0 ? 'no' : 'more than one'} authority is active`,
    );
  const prepared = all.filter(({ state }) => state === 'prepared');
  if (prepared.length > 1) throw new AuthorityFault(`${AUTHORITIES}: more than one authority is prepared`);
  if (new Set(all.map(({ id }) => id)).size < all.length)
    throw new AuthorityFault(`${AUTHORITIES}: an id occurs twice`);
  // A valid prepared authority will be activated.
  if (active.endsMs > nowMs || prepared.some(({ endsMs }) => endsMs > nowMs)) return;
  throw new AuthorityFault(`authority ${active.id} expired at ${new Date(active.endsMs).toISOString()}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The error would quote the text, keys included.
    throw new AuthorityFault(`${AUTHORITIES} is not JSON`);
  }
}

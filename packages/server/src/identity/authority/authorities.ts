import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { isP256, makeAuthority } from './certificates.ts';
import type { AuthorityLife, AuthorityState, RotationStep } from './rotation.ts';

/** An authority as stored. Only prepared and active ones have their key. */
export interface KnownAuthority extends AuthorityLife {
  readonly certificatePem: string;
  readonly keyPem?: string;
  readonly certificate: X509Certificate;
}

/** All authorities of a cluster, and those that were withdrawn, which replicas must not trust again. */
export interface Authorities {
  readonly all: readonly KnownAuthority[];
  /** Kept until they would have expired. */
  readonly removed: readonly { readonly id: string; readonly endsMs: number }[];
}

/** The stored authorities are missing or invalid, and only the operator can repair them. The message never contains key material. */
export class AuthorityFault extends Error {
  override readonly name = 'AuthorityFault';
  /** What the operator can do, if it depends on the fault. */
  readonly hint: string | undefined;

  constructor(message: string, { hint, ...options }: ErrorOptions & { readonly hint?: string } = {}) {
    super(message, options);
    this.hint = hint;
  }
}

/** The authority that signs. */
export function activeOf({ all }: Authorities): KnownAuthority & { readonly keyPem: string } {
  const active = all.find(({ state }) => state === 'active');
  if (active?.keyPem === undefined) throw new AuthorityFault('no authority is active');
  return { ...active, keyPem: active.keyPem };
}

/** PEM of all trusted authorities, the active one first; the same text on every replica. */
export function bundleOf({ all }: Authorities): string {
  const order: readonly AuthorityState[] = ['active', 'prepared', 'retired'];
  return order
    .flatMap((wanted) => all.filter(({ state }) => state === wanted).sort(byId))
    .map(({ certificatePem }) => certificatePem)
    .join('');
}

export async function newAuthority(
  state: AuthorityState,
  { nowMs, ageMs }: { nowMs: number; ageMs: number },
): Promise<KnownAuthority> {
  const id = randomBytes(8).toString('hex');
  return knownAuthority({
    id,
    state,
    sinceMs: nowMs,
    ...(await makeAuthority(id, { nowMs, lifeMs: ageMs })),
  });
}

/** Throws an AuthorityFault if certificate and key are not those of an authority. */
export function knownAuthority(stored: {
  readonly id: string;
  readonly state: AuthorityState;
  readonly sinceMs: number;
  readonly certificatePem: string;
  readonly keyPem?: string;
}): KnownAuthority {
  const { id, state, keyPem } = stored;
  const certificate = attempt(`the certificate of authority ${id} does not parse`, () => {
    return new X509Certificate(stored.certificatePem);
  });
  if (!certificate.ca)
    throw new AuthorityFault(`the certificate of authority ${id} is not that of a certificate authority`);
  if (!isP256(certificate.publicKey)) throw new AuthorityFault(`the key of authority ${id} is not EC P-256`);
  if (keyPem === undefined) {
    if (state !== 'retired') throw new AuthorityFault(`authority ${id} is ${state} and has no key`);
  } else {
    const key = attempt(`the key of authority ${id} does not parse`, () => createPrivateKey(keyPem));
    if (!certificate.checkPrivateKey(key))
      throw new AuthorityFault(`the key of authority ${id} does not belong to its certificate`);
  }
  const [beginsMs, endsMs] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  return { ...stored, certificate, beginsMs, endsMs };
}

/** The authorities after a step. `made`: the new authority of a `prepare` step. */
export function applyStep(
  { all, removed }: Authorities,
  step: RotationStep,
  { nowMs, made }: { readonly nowMs: number; readonly made?: KnownAuthority | undefined },
): Authorities {
  const stillRemoved = removed.filter(({ endsMs }) => endsMs > nowMs);
  switch (step.kind) {
    case 'prepare':
      if (made === undefined) throw new Error('prepare: no authority was made');
      return { all: [...all, made], removed: stillRemoved };
    case 'activate':
      return {
        removed: stillRemoved,
        all: all.map((authority) => {
          if (authority.id === step.id) return { ...authority, state: 'active', sinceMs: nowMs };
          return authority.state === 'active' ? retired(authority, nowMs) : authority;
        }),
      };
    case 'remove': {
      const gone = all.filter(({ id }) => step.ids.includes(id));
      return {
        all: all.filter((authority) => !gone.includes(authority)),
        removed: [...stillRemoved, ...gone.map(({ id, endsMs }) => ({ id, endsMs }))],
      };
    }
  }
}

/** The same authority, retired, without its key. */
export function retired(authority: KnownAuthority, nowMs: number): KnownAuthority {
  const { id, beginsMs, endsMs, certificatePem, certificate } = authority;
  return { id, state: 'retired', sinceMs: nowMs, beginsMs, endsMs, certificatePem, certificate };
}

function attempt<T>(message: string, act: () => T): T {
  try {
    return act();
  } catch {
    // The parser's error may quote the key.
    throw new AuthorityFault(message);
  }
}

function byId(a: AuthorityLife, b: AuthorityLife): number {
  return a.id < b.id ? -1 : 1;
}

import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { Log } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import type { FakeClock } from '@rolegate/testing';
import { createAuthorityKeeper } from '../../../src/identity/authority/keeper.ts';
import type { SecretValues } from '../../../src/identity/authority/secret.ts';
import type { AuthorityStore, FoundSecret } from '../../../src/identity/authority/store.ts';

export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
export const YEAR_MS = 365 * DAY_MS;

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export function recordLog() {
  const lines: LogLine[] = [];
  const at =
    (level: string) =>
    (message: string, fields: object = {}) => {
      lines.push({ level, message, fields: fields as LogLine['fields'] });
    };
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  return { log, lines, said: () => lines.map(({ message }) => message) };
}

interface Kept<Values> {
  readonly version: number;
  readonly values: Values;
}

/** A store in memory that several replicas share. */
export function createMemoryStore() {
  let version = 0;
  const kept: { secret?: Kept<SecretValues>; bundle?: Kept<string> } = {};
  const state = {
    away: undefined as Error | undefined,
    bundleAway: undefined as Error | undefined,
    writes: 0,
    /** Called once before the next write of the Secret, as if another writer were faster. */
    before: undefined as (() => Promise<void>) | undefined,
  };

  const found = <Values>(one: Kept<Values> | undefined) =>
    one && { values: one.values, object: { metadata: { resourceVersion: `${one.version}` } } };
  const isLatest = (there: Kept<unknown> | undefined, base: FoundSecret | object | undefined) =>
    base === undefined
      ? there === undefined
      : (base as { object: { metadata: { resourceVersion: string } } }).object.metadata.resourceVersion ===
        `${there?.version ?? ''}`;
  const check = (fault: Error | undefined) => {
    if (fault !== undefined) throw fault;
    return Promise.resolve();
  };

  const store: AuthorityStore = {
    async readSecret() {
      await check(state.away);
      return found(kept.secret);
    },
    async writeSecret(values, base) {
      await check(state.away);
      const { before } = state;
      state.before = undefined;
      await before?.();
      if (!isLatest(kept.secret, base)) return false;
      state.writes += 1;
      kept.secret = { version: (version += 1), values: { ...kept.secret?.values, ...values } };
      return true;
    },
    async readBundle() {
      await check(state.away ?? state.bundleAway);
      return found(kept.bundle);
    },
    async writeBundle(pem, base) {
      await check(state.away ?? state.bundleAway);
      if (!isLatest(kept.bundle, base)) return false;
      kept.bundle = { version: (version += 1), values: pem };
      return true;
    },
  };

  return {
    store,
    state,
    secret: () => kept.secret?.values,
    setSecret: (values: SecretValues | undefined) => {
      if (values === undefined) delete kept.secret;
      else kept.secret = { version: (version += 1), values };
    },
    bundle: () => kept.bundle?.values,
    setBundle: (pem: string | undefined) => {
      if (pem === undefined) delete kept.bundle;
      else kept.bundle = { version: (version += 1), values: pem };
    },
  };
}

export type MemoryStore = ReturnType<typeof createMemoryStore>;

/** One replica's keeper on a store. */
export function createReplica({
  memory,
  clock = createFakeClock(),
  ageMs = YEAR_MS,
}: {
  memory: MemoryStore;
  clock?: FakeClock;
  ageMs?: number;
}) {
  const { log, lines, said } = recordLog();
  const { signal } = new AbortController();
  const counted: string[] = [];
  const keeper = createAuthorityKeeper({
    store: memory.store,
    clock,
    log,
    ageMs,
    signal,
    where: { namespace: 'kube-system', name: 'own' },
    authorityOlder: (found) => {
      counted.push(found);
    },
  });
  const states = () => keeper.shared()?.authorities.all.map(({ state }) => state) ?? [];
  const ids = () => keeper.shared()?.authorities.all.map(({ id }) => id) ?? [];
  return { keeper, clock, lines, said, states, ids, counted };
}

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export type RequestAlgorithm =
  webcrypto.EcKeyGenParams | webcrypto.RsaHashedKeyGenParams | { readonly name: 'Ed25519' };

/** A certificate request, DER, which asks for much that must not be granted. */
export async function requestOf(algorithm: RequestAlgorithm = P256): Promise<Uint8Array> {
  x509.cryptoProvider.set(webcrypto);
  const made = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const names = new x509.SubjectAlternativeNameExtension([
    { type: 'url', value: 'spiffe://rolegate/node/other' },
  ]);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=somebody else',
    keys: made as webcrypto.CryptoKeyPair,
    signingAlgorithm: { hash: 'SHA-256', ...algorithm },
    extensions: [names, new x509.BasicConstraintsExtension(true, 2, true)],
  });
  return new Uint8Array(request.rawData);
}

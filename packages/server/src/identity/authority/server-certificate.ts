import { generateKeyPair, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import type { TlsMaterial, TlsSource } from '@rolegate/protocol';
import { createListeners, listenerFailed } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import { activeOf, bundleOf } from './authorities.ts';
import type { Authorities } from './authorities.ts';
import { signLeaf } from './certificates.ts';
import { BUNDLE_SPREAD_MS, SERVER_LIFE_MS } from './rotation.ts';

export interface ServerCertificateDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** DNS names. */
  readonly serverNames: readonly string[];
}

export interface ServerCertificate {
  /** Throws until `renew` has resolved once. */
  readonly tls: TlsSource;
  /** Renews at half of the lifetime, or when authorities change. Rejects if it cannot be signed; the last certificate stays in use. */
  readonly renew: (authorities: Authorities) => Promise<void>;
}

/** A certificate whose key never leaves this process. */
interface Own {
  readonly cert: string;
  readonly key: string;
  readonly signer: string;
  readonly renewAtMs: number;
  readonly endsMs: number;
  readonly fingerprint: string;
}

const generate = promisify(generateKeyPair);

export function createServerCertificate({
  clock,
  log,
  serverNames,
}: ServerCertificateDeps): ServerCertificate {
  const listeners = createListeners<TlsMaterial>({ failed: listenerFailed(log, "the server's certificate") });
  /** Since when this replica has known each authority, on the monotonic clock. */
  let knownSinceMs = new Map<string, number>();
  let own: Own | undefined;
  let material: TlsMaterial | undefined;

  function isDue(authorities: Authorities): boolean {
    const nowMs = clock.now();
    if (own === undefined || nowMs >= own.renewAtMs) return true;
    const { signer } = own;
    const active = activeOf(authorities).id;
    if (signer === active) return false;
    if (!authorities.all.some(({ id }) => id === signer)) return true;
    // Agents may not have an unexpected new authority in their bundle yet, and the current certificate is still valid.
    return clock.monotonic() - (knownSinceMs.get(active) ?? 0) >= BUNDLE_SPREAD_MS;
  }

  function remember(authorities: Authorities): void {
    const nowMs = clock.monotonic();
    knownSinceMs = new Map(authorities.all.map(({ id }) => [id, knownSinceMs.get(id) ?? nowMs]));
  }

  function offer(authorities: Authorities, certificate: Own): void {
    const next = materialOf(authorities, certificate);
    if (material?.cert.equals(next.cert) === true && material.ca.equals(next.ca)) return;
    material = next;
    listeners.tell(next);
  }

  function current(): TlsMaterial {
    if (material === undefined) throw new Error('the server has no certificate yet');
    return material;
  }

  return {
    tls: {
      current,
      onChange: listeners.on,
      secondsLeft: () => ({
        certificate: (current().certEndsMs - clock.now()) / 1000,
        ca: (current().caEndsMs - clock.now()) / 1000,
      }),
    },
    async renew(authorities) {
      remember(authorities);
      if (own === undefined || isDue(authorities)) {
        own = await makeOwn(authorities, { nowMs: clock.now(), serverNames });
        const { signer: authority, fingerprint, endsMs } = own;
        log.info('server certificate issued', { authority, fingerprint, expires: isoOf(endsMs) });
      }
      offer(authorities, own);
    },
  };
}

function materialOf(authorities: Authorities, { cert, key, endsMs, fingerprint }: Own): TlsMaterial {
  return {
    cert: Buffer.from(cert),
    key: Buffer.from(key),
    ca: Buffer.from(bundleOf(authorities)),
    certEndsMs: endsMs,
    caEndsMs: activeOf(authorities).endsMs,
    certFingerprint: fingerprint,
  };
}

async function makeOwn(
  authorities: Authorities,
  { nowMs, serverNames }: { nowMs: number; serverNames: readonly string[] },
): Promise<Own> {
  const issuer = activeOf(authorities);
  if (issuer.endsMs <= nowMs)
    throw new Error(`authority ${issuer.id} expired at ${isoOf(issuer.endsMs)}, so nothing can be signed`);
  const { publicKey, privateKey } = await generate('ec', { namedCurve: 'P-256' });
  const cert = await signLeaf({
    issuer,
    publicKey,
    nowMs,
    purpose: 'server',
    lifeMs: SERVER_LIFE_MS,
    subject: 'rolegate-server',
    names: serverNames.map((value) => ({ type: 'dns', value })),
  });
  const { validTo, fingerprint256: fingerprint } = new X509Certificate(cert);
  const endsMs = Date.parse(validTo);
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  return { cert, key, signer: issuer.id, renewAtMs: nowMs + (endsMs - nowMs) / 2, endsMs, fingerprint };
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

import type { TlsSource } from '@rolegate/protocol';
import { createBackoff } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { Connection } from '../../kubernetes/api/connection.ts';
import { bundleOf } from './authorities.ts';
import { createAuthorityKeeper } from './keeper.ts';
import type { AuthorityKeeperDeps } from './keeper.ts';
import type { Shared } from './secret.ts';
import { createAuthorityStore } from './store.ts';
import { createClientCertificates } from './client-certificates.ts';
import type { ClientAsk, VerifiedClient } from './client-certificates.ts';
import { createComplaint } from './complaint.ts';
import { createServerCertificate } from './server-certificate.ts';

/** The server's own certificate authority. */
export interface Authority {
  /** The server's own certificate and the trusted authorities; changes by itself. */
  readonly tls: TlsSource;
  /** PEM of all trusted authorities: prepared, active and retired. */
  readonly bundle: () => string;
  /** Signs a certificate for a node; rejects with Refusal('ForeignNode') if the request (PKCS#10 DER) is invalid. */
  readonly issueClient: (ask: ClientAsk) => Promise<{ readonly chain: string; readonly endsMs: number }>;
  /** The identity in a client certificate (DER). Undefined unless a current authority signed it, and it is valid, not too long-lived and of the exact form. */
  readonly verifyClient: (der: Uint8Array) => VerifiedClient | undefined;
  /** 32 bytes that all replicas share, from the Secret. */
  readonly tokenSecret: Buffer;
  /** What is wrong with the Secret, the ConfigMap or the connection to them; undefined if nothing. */
  readonly condition: () => string | undefined;
  /** Polls the Secret, renews the server's certificate and rotates authorities until the signal aborts. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

export interface AuthorityDeps {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Of the Secret and the ConfigMap. */
  readonly namespace: string;
  readonly name: string;
  /** DNS names in the server's own certificate. */
  readonly serverNames: readonly string[];
  readonly trustDomain: string;
  /** Lifetime of an authority. Milliseconds. */
  readonly ageMs: number;
  readonly metrics: Pick<AuthorityKeeperDeps, 'authorityOlder'>;
  /** Ends the wait for the API server: the promise rejects with its reason. */
  readonly signal: AbortSignal;
}

/** How often Secret and ConfigMap are read, ± 20 %. Milliseconds. */
const POLL_MS = 10_000;

/** Resolves once there is an authority; retries while the API server is unavailable, and logs why. */
export async function openAuthority(deps: AuthorityDeps): Promise<Authority> {
  const { clock, log, random, namespace, name, ageMs, trustDomain, serverNames } = deps;
  const stop = new AbortController();
  const signal = AbortSignal.any([deps.signal, stop.signal]);
  const keeper = createAuthorityKeeper({
    store: createAuthorityStore({ ...deps, signal }),
    clock,
    log,
    where: { namespace, name },
    ageMs,
    signal,
    authorityOlder: deps.metrics.authorityOlder,
  });
  const certificate = createServerCertificate({ clock, log, serverNames });
  const renewal = createComplaint({ log, signal, task: 'certificate' });

  /** Undefined if there is nothing to serve with. */
  async function look(): Promise<Shared | undefined> {
    await keeper.look();
    const shared = keeper.shared();
    if (shared !== undefined) await renewal.during(() => certificate.renew(shared.authorities));
    return renewal.current() === undefined ? shared : undefined;
  }

  const opened = await untilFound(look, { clock, random, signal });
  const shared = () => keeper.shared() ?? opened;
  const isOver = () => signal.aborted;
  const clients = createClientCertificates({
    authorities: () => shared().authorities,
    trustDomain,
    now: () => clock.now(),
  });

  return {
    tls: certificate.tls,
    bundle: () => bundleOf(shared().authorities),
    issueClient: clients.issue,
    verifyClient: clients.verify,
    get tokenSecret() {
      return shared().tokenSecret;
    },
    condition: () => keeper.condition() ?? renewal.current(),
    run: async (until) => {
      const end = () => {
        stop.abort();
      };
      until.addEventListener('abort', end);
      if (until.aborted) end();
      while (!isOver()) {
        await clock.sleep(POLL_MS * (0.8 + 0.4 * random()), signal);
        if (!isOver()) await look();
      }
    },
  };
}

async function untilFound<T>(
  look: () => Promise<T | undefined>,
  { clock, random, signal }: Pick<AuthorityDeps, 'clock' | 'random' | 'signal'>,
): Promise<T> {
  const backoff = createBackoff({ firstMs: 250, capMs: POLL_MS, random });
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    signal.throwIfAborted();
    await clock.sleep(backoff.next(), signal);
  }
}

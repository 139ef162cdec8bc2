import type { Metadata } from '@grpc/grpc-js';
import type { ClientTls } from '@rolegate/protocol';
import type { ReadyCheck, Service } from '@rolegate/runtime';
import type { SavedCertificate } from './saved-certificate.ts';

/** How the agent proves its node to the servers. */
export interface Identity {
  readonly tls: { readonly current: () => ClientTls };
  /** Sent with each call, and created for each. Throws if it cannot be created at present. */
  readonly callMetadata: () => Metadata;
  /** Resolves when the agent can authenticate; no feed is opened earlier. */
  readonly first: Promise<unknown>;
  /** Remaining lifetime by kind of certificate, for metrics. */
  readonly secondsLeft: () => Readonly<Record<string, number>>;
  /** What to save for the next process; undefined: nothing. */
  readonly kept: () => SavedCertificate | undefined;
  readonly check: ReadyCheck;
  readonly services: readonly Service[];
}

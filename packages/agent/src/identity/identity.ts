import type { Metadata } from '@grpc/grpc-js';
import type { ClientTls } from '@rolegate/protocol';
import type { ReadyCheck, Service } from '@rolegate/runtime';
import type { SavedCertificate } from './saved-certificate.ts';

/** How the agent proves to the servers which node it is on. */
export interface Identity {
  readonly tls: { readonly current: () => ClientTls };
  /** Goes with each call, and is made for each. Throws if it cannot be made now. */
  readonly callMetadata: () => Metadata;
  /** Resolves when there is something to show; before, no feed is opened. */
  readonly first: Promise<unknown>;
  /** Until they end, for metrics: by what of it. */
  readonly secondsLeft: () => Readonly<Record<string, number>>;
  /** What outlives the process; undefined: nothing of it does. */
  readonly kept: () => SavedCertificate | undefined;
  readonly check: ReadyCheck;
  readonly services: readonly Service[];
}

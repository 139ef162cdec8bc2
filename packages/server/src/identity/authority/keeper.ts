import type { Clock, Log } from '@rolegate/runtime';
import { AuthorityFault, bundleOf } from './authorities.ts';
import { createComplaint } from './complaint.ts';
import { createKnownAuthorities, MOST_ROUNDS } from './known-authorities.ts';
import { createOlderSecretLog } from './log.ts';
import type { OlderSecret } from './merge.ts';
import type { Shared } from './secret.ts';
import type { AuthorityStore } from './store.ts';

export interface AuthorityKeeperDeps {
  readonly store: AuthorityStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Of the Secret and the ConfigMap, for the log. */
  readonly where: { readonly namespace: string; readonly name: string };
  /** Lifetime of an authority. Milliseconds. */
  readonly ageMs: number;
  /** Errors after it has aborted are not logged. */
  readonly signal: AbortSignal;
  /** Counts a Secret that is older than what this replica knows. */
  readonly authorityOlder: (found: OlderSecret['found']) => void;
}

/** Reads, repairs and rotates what the replicas share. */
export interface AuthorityKeeper {
  /** The last valid state; undefined until there is one. */
  readonly shared: () => Shared | undefined;
  /** What is wrong with the Secret, the ConfigMap or the connection to them; or that the Secret was older within the last hour. */
  readonly condition: () => string | undefined;
  /** Reads both, and does what is due. Never rejects. */
  readonly look: () => Promise<void>;
}

export function createAuthorityKeeper(deps: AuthorityKeeperDeps): AuthorityKeeper {
  const { store, clock, log, where: fields, signal } = deps;
  const secretFault = createComplaint({ log, signal, task: 'secret', fields });
  const bundleFault = createComplaint({ log, signal, task: 'bundle', fields });
  const olderSecret = createOlderSecretLog({ clock, log, fields, count: deps.authorityOlder });
  const bundle = createPublishedBundle(store, log);
  const { shared, settle } = createKnownAuthorities({
    ...deps,
    publishedBundle: bundle.current,
    onOlder: olderSecret.tell,
  });

  return {
    shared,
    condition: () => secretFault.current() ?? bundleFault.current() ?? olderSecret.lately(),
    async look() {
      await secretFault.during(settle, (error) => hintOf(error, shared()));
      const known = shared();
      if (known !== undefined)
        await bundleFault.during(() => bundle.publish(bundleOf(known.authorities)), ownHintOf);
    },
  };
}

/** Publishes the bundle of authorities in its ConfigMap. */
function createPublishedBundle(store: Pick<AuthorityStore, 'readBundle' | 'writeBundle'>, log: Log) {
  let current: string | undefined;
  return {
    /** As last read. */
    current: () => current,
    publish: async (pem: string): Promise<void> => {
      for (let round = 0; round < MOST_ROUNDS; round += 1) {
        const found = await store.readBundle();
        current = found?.values;
        if (current === pem) return;
        if (await store.writeBundle(pem, found)) log.info('authority bundle published');
      }
    },
  };
}

function hintOf(error: unknown, known: Shared | undefined): string | undefined {
  if (!(error instanceof AuthorityFault) || error.hint !== undefined) return ownHintOf(error);
  return known === undefined
    ? 'Correct the Secret, or empty it to create a new authority.'
    : 'The last valid authorities stay in use. Correct the Secret, or empty it to restore them.';
}

function ownHintOf(error: unknown): string | undefined {
  return error instanceof AuthorityFault ? error.hint : undefined;
}

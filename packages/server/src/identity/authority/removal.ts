import { X509Certificate } from 'node:crypto';
import type { Clock } from '@rolegate/runtime';
import type { AuthorityRemovalStore, FoundBundle, FoundSecret } from './store.ts';

/** A running server reads the Secret at least every 12 s, and restores a lost one. Milliseconds. */
const STAYS_REMOVED_MS = 15_000;
/** A stopping server takes up to its grace period. Milliseconds. */
const GIVE_UP_MS = 60_000;
const CHECK_EVERY_MS = 1_000;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
/** Part of the subject of every authority of a server. */
const OWN_SUBJECT = 'O=rolegate';

export interface AuthorityRemovalDeps {
  readonly store: AuthorityRemovalStore;
  readonly where: { readonly namespace: string; readonly name: string };
  readonly clock: Clock;
  /** Does not wait to see whether a server restores them. */
  readonly atOnce: boolean;
}

/** Removes the Secret and the ConfigMap, unless they contain something that no server wrote. */
export async function removeAuthorities(
  deps: AuthorityRemovalDeps,
): Promise<{ readonly done: boolean; readonly message: string }> {
  const { where, clock, atOnce } = deps;
  const name = `${where.namespace}/${where.name}`;
  const startMs = clock.monotonic();
  let removedAtMs: number | undefined;
  for (;;) {
    const { removed, foreign } = await removeOnce(deps);
    if (foreign !== undefined)
      return { done: false, message: `${foreign}; it is not deleted, delete it manually` };
    if (removed) removedAtMs = clock.monotonic();
    if (removedAtMs === undefined)
      return { done: true, message: `there is no Secret or ConfigMap ${name}; nothing to do` };
    const now = clock.monotonic();
    if (atOnce || now - removedAtMs >= STAYS_REMOVED_MS)
      return { done: true, message: `the Secret and the ConfigMap ${name} are deleted` };
    if (now - startMs >= GIVE_UP_MS)
      return {
        done: false,
        message: `a running server restores ${name}; remove the servers first, then try again`,
      };
    await clock.sleep(CHECK_EVERY_MS);
  }
}

async function removeOnce(
  deps: AuthorityRemovalDeps,
): Promise<{ readonly removed: boolean; readonly foreign?: string }> {
  const { store } = deps;
  const [secret, bundle] = [await store.readSecret(), await store.readBundle()];
  const foreign = whyForeign(secret, bundle, deps);
  if (foreign !== undefined) return { removed: false, foreign };
  // The Secret is removed first: a server that starts between the two waits if it finds a bundle without a Secret.
  if (secret !== undefined) await store.removeSecret(secret);
  if (bundle !== undefined) await store.removeBundle(bundle);
  return { removed: secret !== undefined || bundle !== undefined };
}

function whyForeign(
  secret: FoundSecret,
  bundle: FoundBundle,
  { store, where: { namespace, name } }: AuthorityRemovalDeps,
): string | undefined {
  for (const [kind, found] of [
    ['Secret', secret],
    ['ConfigMap', bundle],
  ] as const) {
    const [key] = found === undefined ? [] : store.foreignKeys(found);
    if (key !== undefined) return `the ${kind} ${namespace}/${name} contains ${key}, which no server wrote`;
  }
  return bundle === undefined || isOurs(bundle.values)
    ? undefined
    : `the ConfigMap ${namespace}/${name} contains certificates that no server wrote`;
}

function isOurs(pem: string): boolean {
  return (pem.match(CERTIFICATE) ?? []).every((one) => {
    try {
      return new X509Certificate(one).subject.split('\n').includes(OWN_SUBJECT);
    } catch {
      return false;
    }
  });
}

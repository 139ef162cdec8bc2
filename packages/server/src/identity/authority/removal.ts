import { X509Certificate } from 'node:crypto';
import type { Clock } from '@rolegate/runtime';
import type { AuthorityRemovalStore, FoundBundle, FoundSecret } from './store.ts';

/** A server that runs looks every 12 s at the latest, and puts back what is lost. Milliseconds. */
const STAYS_AWAY_MS = 15_000;
/** One that is being stopped takes as long as its grace period. Milliseconds. */
const GIVE_UP_MS = 60_000;
const LOOK_EVERY_MS = 1_000;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
/** Of the subjects of our own authorities. */
const OWN_SUBJECT = 'O=rolegate';

export interface AuthorityRemovalDeps {
  readonly store: AuthorityRemovalStore;
  readonly where: { readonly namespace: string; readonly name: string };
  readonly clock: Clock;
  /** Not looking whether a server writes them back. */
  readonly atOnce: boolean;
}

/** Removes the Secret and the ConfigMap for good. What holds anything that is not ours is left alone, and said. */
export async function removeAuthorities(
  deps: AuthorityRemovalDeps,
): Promise<{ readonly done: boolean; readonly message: string }> {
  const { where, clock, atOnce } = deps;
  const name = `${where.namespace}/${where.name}`;
  const startMs = clock.monotonic();
  let removedAtMs: number | undefined;
  for (;;) {
    const { removed, foreign } = await removeOnce(deps);
    if (foreign !== undefined) return { done: false, message: `${foreign}: left alone; delete it by hand` };
    if (removed) removedAtMs = clock.monotonic();
    if (removedAtMs === undefined)
      return { done: true, message: `there is neither a Secret nor a ConfigMap ${name}: nothing to do` };
    const now = clock.monotonic();
    if (atOnce || now - removedAtMs >= STAYS_AWAY_MS)
      return { done: true, message: `the Secret and the ConfigMap ${name} are deleted` };
    if (now - startMs >= GIVE_UP_MS)
      return {
        done: false,
        message: `a server that still runs writes ${name} back: remove the servers first, then do this again`,
      };
    await clock.sleep(LOOK_EVERY_MS);
  }
}

async function removeOnce(
  deps: AuthorityRemovalDeps,
): Promise<{ readonly removed: boolean; readonly foreign?: string }> {
  const { store } = deps;
  const [secret, bundle] = [await store.readSecret(), await store.readBundle()];
  const foreign = whyForeign(secret, bundle, deps);
  if (foreign !== undefined) return { removed: false, foreign };
  // The Secret goes first: a server that starts between the two waits, since a bundle without its Secret may be put back.
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
    if (key !== undefined) return `the ${kind} ${namespace}/${name} holds ${key}, which no server wrote`;
  }
  return bundle === undefined || isOurs(bundle.values)
    ? undefined
    : `the ConfigMap ${namespace}/${name} holds certificates of somebody else`;
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

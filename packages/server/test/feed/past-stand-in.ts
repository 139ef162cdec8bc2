import { silentLog } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import { createPast } from '../../src/kubernetes/past.ts';
import { createPresentVersion } from '../../src/kubernetes/watch/current-version.ts';
import type { Kind } from '../../src/kubernetes/objects/shapes.ts';

interface Versioned {
  readonly resourceVersion: string;
}

export interface PastStandInDeps {
  readonly stores: Readonly<Record<Exclude<Kind, 'Node'>, Versioned>>;
  readonly clock: Clock;
}

/** Whether the API server went back, with its answers in the test's hands: as far as the stores by default. */
export function createPastStandIn({ stores, clock }: PastStandInDeps) {
  const apiServer = {
    /** What it is at, of all kinds. */
    version: undefined as string | undefined,
    fault: undefined as Error | undefined,
    /** How long it takes. Milliseconds. */
    takesMs: 0,
    /** When it was asked, and for what. */
    asked: [] as { readonly kind: Kind; readonly atMs: number }[],
    /** Kinds that were to be listed again. */
    listedAgain: [] as Kind[],
  };
  const { signal: never } = new AbortController();
  const signal = () => never;

  function follow(kind: Kind, store: Versioned) {
    const wentBack = () => void apiServer.listedAgain.push(kind);
    const read = async () => {
      apiServer.asked.push({ kind, atMs: clock.monotonic() });
      if (apiServer.takesMs > 0) await clock.sleep(apiServer.takesMs);
      if (apiServer.fault !== undefined) throw apiServer.fault;
      return apiServer.version ?? store.resourceVersion;
    };
    const present = createPresentVersion({ path: kind, store, read, wentBack, clock, signal });
    return { store, loop: { present, wentBack } };
  }

  const kinds = {
    Pod: follow('Pod', stores.Pod),
    Namespace: follow('Namespace', stores.Namespace),
    ServiceAccount: follow('ServiceAccount', stores.ServiceAccount),
    Node: follow('Node', { resourceVersion: '' }),
  };
  for (const { loop } of Object.values(kinds)) loop.present.listed(clock.monotonic());
  return { past: createPast({ kinds: () => kinds, clock, log: silentLog }), apiServer };
}

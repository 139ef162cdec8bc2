import { silentLog } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import { createHistory } from '../../src/kubernetes/history.ts';
import { createCurrentVersion } from '../../src/kubernetes/watch/current-version.ts';
import type { Kind } from '../../src/kubernetes/objects/shapes.ts';

interface Versioned {
  readonly resourceVersion: string;
}

export interface HistoryStandInDeps {
  readonly stores: Readonly<Record<Exclude<Kind, 'Node'>, Versioned>>;
  readonly clock: Clock;
}

/** A history whose API server answers as the test says; by default it is as far as the stores. */
export function createHistoryStandIn({ stores, clock }: HistoryStandInDeps) {
  const apiServer = {
    /** Its current resourceVersion, of all kinds. */
    version: undefined as string | undefined,
    fault: undefined as Error | undefined,
    /** How long a read takes. Milliseconds. */
    takesMs: 0,
    /** The reads, with their times. */
    asked: [] as { readonly kind: Kind; readonly atMs: number }[],
    /** Kinds for which a new list was requested. */
    listedAgain: [] as Kind[],
  };
  const { signal: never } = new AbortController();
  const signal = () => never;

  function follow(kind: Kind, store: Versioned) {
    const restored = () => void apiServer.listedAgain.push(kind);
    const read = async () => {
      apiServer.asked.push({ kind, atMs: clock.monotonic() });
      if (apiServer.takesMs > 0) await clock.sleep(apiServer.takesMs);
      if (apiServer.fault !== undefined) throw apiServer.fault;
      return apiServer.version ?? store.resourceVersion;
    };
    const current = createCurrentVersion({ path: kind, store, read, restored, clock, signal });
    return { store, loop: { current, restored } };
  }

  const kinds = {
    Pod: follow('Pod', stores.Pod),
    Namespace: follow('Namespace', stores.Namespace),
    ServiceAccount: follow('ServiceAccount', stores.ServiceAccount),
    Node: follow('Node', { resourceVersion: '' }),
  };
  for (const { loop } of Object.values(kinds)) loop.current.listed(clock.monotonic());
  return { history: createHistory({ kinds: () => kinds, clock, log: silentLog }), apiServer };
}

import { isOlderVersion, Refusal } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import type { ClusterHistory } from '../kubernetes/history.ts';
import type { Report } from './reports/reception.ts';

/** An agent waits 5 s for the first update of a server. Milliseconds. */
const ANSWERED_WITHIN_MS = 3_000;
/** If the API server does not answer in time, it is asked again at this interval while the stream is open. Milliseconds. */
const AGAIN_MS = 10_000;
/** A replica may notice a restore of etcd this much later than another. Milliseconds. */
const NOTICED_WITHIN_MS = 600_000;
/** How late an agent's report may be. Milliseconds. */
const LATE_MS = 10_000;

const KINDS = { pod: 'Pod', namespace: 'Namespace', serviceAccount: 'ServiceAccount' } as const;
type SeenKind = keyof typeof KINDS;
const seenKinds = Object.keys(KINDS) as SeenKind[];

/** What an agent reports about the resourceVersions that it has seen. */
export type Seen = Pick<Report, 'newestSeen' | 'forgotMs'>;

/** How a stream begins. */
export interface Beginning {
  /** The agent must forget the versions that it has seen, because etcd was restored. */
  readonly forget: boolean;
  /** The API server did not answer in time. */
  readonly isUnsure: boolean;
}

export interface VersionCheck {
  /** Synchronous if the API server need not be asked. Throws or rejects with a Refusal if this server must catch up first. */
  begin(seen: Seen): Beginning | Promise<Beginning>;
  /** For an unsure beginning: resolves once it is known whether the agent must forget. */
  later(seen: Seen, signal: AbortSignal): Promise<boolean>;
}

export interface VersionCheckDeps {
  readonly history: ClusterHistory;
  readonly clock: Pick<Clock, 'monotonic' | 'schedule' | 'sleep'>;
}

/**
 * Finds out whether an agent and this server have seen the same history of the cluster (docs/adr/0019). An agent's report can
 * only make the server ask the API server; it does not affect other agents.
 */
export function createVersionCheck({ history, clock }: VersionCheckDeps): VersionCheck {
  async function ask(seen: Seen, kinds: { ahead: SeenKind[]; unconfirmed: SeenKind[] }): Promise<Beginning> {
    const versions = await readVersions(history, clock, new Set([...kinds.ahead, ...kinds.unconfirmed]));
    const wasFound = isFound(history, seen, clock.monotonic());
    if (versions === undefined) {
      if (kinds.unconfirmed.length > 0)
        throw unavailable('cannot reach the API server to check its own state');
      return { forget: wasFound, isUnsure: true };
    }
    for (const [kind, version] of versions)
      if (isOlderVersion(version, history.version(KINDS[kind]))) throw unavailable('is reading it again');
    const isOlder = kinds.ahead.some((kind) =>
      isOlderVersion(versions.get(kind) ?? '', seen.newestSeen?.[kind] ?? ''),
    );
    return { forget: isOlder || wasFound, isUnsure: false };
  }

  function begin(seen: Seen): Beginning | Promise<Beginning> {
    const nowMs = clock.monotonic();
    const wasFound = isFound(history, seen, nowMs);
    const kinds = {
      ahead: wasFound ? [] : aheadOf(history, seen),
      unconfirmed: unconfirmedBy(history, seen, nowMs),
    };
    if (kinds.ahead.length + kinds.unconfirmed.length > 0) return ask(seen, kinds);
    return { forget: wasFound, isUnsure: false };
  }

  return {
    begin,
    async later({ newestSeen }, signal) {
      const stopped = () => signal.aborted;
      while (!stopped()) {
        await clock.sleep(AGAIN_MS, signal);
        const { forget, isUnsure } = await begin({ newestSeen, forgotMs: undefined });
        if (!isUnsure) return forget;
      }
      return false;
    },
  };
}

/** The kinds of which the agent has seen a newer version than this server. */
function aheadOf(history: ClusterHistory, { newestSeen }: Seen): SeenKind[] {
  if (newestSeen === undefined) return [];
  return seenKinds.filter((kind) => isOlderVersion(history.version(KINDS[kind]), newestSeen[kind]));
}

/** The kinds of which this server may still have the state that the agent was told to forget. */
function unconfirmedBy(history: ClusterHistory, { forgotMs = Infinity }: Seen, nowMs: number): SeenKind[] {
  if (forgotMs > NOTICED_WITHIN_MS) return [];
  const toldMs = nowMs - forgotMs;
  return seenKinds.filter((kind) => history.current(KINDS[kind]).confirmedMs < toldMs);
}

/** Whether this server has noticed a restore of etcd that the agent has not been told about. */
function isFound(history: ClusterHistory, { forgotMs = Infinity }: Seen, nowMs: number): boolean {
  const foundMs = history.restoredMs();
  return foundMs !== undefined && nowMs - forgotMs < foundMs + LATE_MS;
}

/** The API server's current versions; undefined if it does not answer in time. */
async function readVersions(
  history: ClusterHistory,
  clock: VersionCheckDeps['clock'],
  kinds: Iterable<SeenKind>,
): Promise<ReadonlyMap<SeenKind, string> | undefined> {
  const versions = [...kinds].map(async (kind) => [kind, await history.current(KINDS[kind]).ask()] as const);
  const late = Promise.withResolvers<undefined>();
  const cancel = clock.schedule(ANSWERED_WITHIN_MS, () => {
    late.resolve(undefined);
  });
  try {
    const read = await Promise.race([Promise.all(versions), late.promise]);
    return read && new Map(read);
  } catch {
    // The watch logs the error.
    return undefined;
  } finally {
    cancel();
  }
}

/** Ends a stream so that the agent reconnects, forgets the resourceVersions that it has seen, and gets a new snapshot. */
export function apiServerRestored(): Refusal {
  return new Refusal(
    'ServerUnavailable',
    'the API server went back to an older state: the agent must reconnect for a new snapshot',
  );
}

function unavailable(what: string): Refusal {
  return new Refusal('ServerUnavailable', `the API server went back to an older state: this server ${what}`);
}

import { isOlderVersion, Refusal } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import type { ClusterHistory } from '../kubernetes/history.ts';
import type { Report } from './reports/reception.ts';

/** An agent waits for 5 s for the first word of a server. Milliseconds. */
const ANSWERED_WITHIN_MS = 3_000;
/** If the API server has not answered by then, it is asked again while the stream is open. Milliseconds. */
const AGAIN_MS = 10_000;
/** A replica may be so much later than another in noticing that the API server went back. Milliseconds. */
const NOTICED_WITHIN_MS = 600_000;
/** What an agent says of the time may be late by this. Milliseconds. */
const LATE_MS = 10_000;

const KINDS = { pod: 'Pod', namespace: 'Namespace', serviceAccount: 'ServiceAccount' } as const;
type SeenKind = keyof typeof KINDS;
const seenKinds = Object.keys(KINDS) as SeenKind[];

/** What an agent says of the resourceVersions that it has seen. */
export type Seen = Pick<Report, 'newestSeen' | 'forgotMs'>;

/** How a stream begins. */
export interface Beginning {
  /** The agent must forget what it has seen: the API server went back to an older state. */
  readonly forget: boolean;
  /** The API server could not be asked in time. */
  readonly isUnsure: boolean;
}

export interface VersionCheck {
  /** At once if the API server need not be asked. Throws or rejects with a Refusal if this server must catch up first. */
  begin(seen: Seen): Beginning | Promise<Beginning>;
  /** Resolves to true as soon as it is known that an agent must forget after all; false: it is known that it need not. */
  later(seen: Seen, signal: AbortSignal): Promise<boolean>;
}

export interface VersionCheckDeps {
  readonly history: ClusterHistory;
  readonly clock: Pick<Clock, 'monotonic' | 'schedule' | 'sleep'>;
}

/**
 * Finds out whether an agent and this server are of the same history of the cluster (docs/adr/0019). What an agent says makes
 * the server ask the API server, and nothing else: it concerns no other agent.
 */
export function createVersionCheck({ history, clock }: VersionCheckDeps): VersionCheck {
  async function ask(seen: Seen, kinds: { ahead: SeenKind[]; unconfirmed: SeenKind[] }): Promise<Beginning> {
    const versions = await readVersions(history, clock, new Set([...kinds.ahead, ...kinds.unconfirmed]));
    const wasFound = isFound(history, seen, clock.monotonic());
    if (versions === undefined) {
      if (kinds.unconfirmed.length > 0) throw unavailable('cannot ask the API server whether it has noticed');
      return { forget: wasFound, isUnsure: true };
    }
    for (const [kind, version] of versions)
      if (isOlderVersion(version, history.version(KINDS[kind]))) throw unavailable('reads it again');
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

/** Of which kinds the agent has seen more than this server. */
function aheadOf(history: ClusterHistory, { newestSeen }: Seen): SeenKind[] {
  if (newestSeen === undefined) return [];
  return seenKinds.filter((kind) => isOlderVersion(history.version(KINDS[kind]), newestSeen[kind]));
}

/** Of which kinds this server may still have a state that the agent was told to forget. */
function unconfirmedBy(history: ClusterHistory, { forgotMs = Infinity }: Seen, nowMs: number): SeenKind[] {
  if (forgotMs > NOTICED_WITHIN_MS) return [];
  const toldMs = nowMs - forgotMs;
  return seenKinds.filter((kind) => history.current(KINDS[kind]).confirmedMs < toldMs);
}

/** This server has found that the API server went back, and the agent has not been told since. */
function isFound(history: ClusterHistory, { forgotMs = Infinity }: Seen, nowMs: number): boolean {
  const foundMs = history.restoredMs();
  return foundMs !== undefined && nowMs - forgotMs < foundMs + LATE_MS;
}

/** What the API server has now; undefined if it does not answer in time. */
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
    // Who reads the log sees it by the watch.
    return undefined;
  } finally {
    cancel();
  }
}

/** The agent comes again, is told to forget the resourceVersions that it has seen, and gets a new snapshot. */
export function wentBack(): Refusal {
  return new Refusal(
    'ServerUnavailable',
    'the API server went back to an older state: the agent is told all of it again',
  );
}

function unavailable(what: string): Refusal {
  return new Refusal('ServerUnavailable', `the API server went back to an older state: this server ${what}`);
}

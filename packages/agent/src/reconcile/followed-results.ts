import type { AddressClaimsDeps } from '../addresses/address-claims.ts';
import { createAddressOwners } from '../addresses/address-owners.ts';
import type { AddressOwners } from '../addresses/address-owners.ts';
import type { SavedResults } from '../addresses/saved-claims.ts';
import { directoryOf } from '../addresses/claim.ts';
import type { DirectoryState } from '../addresses/cni-files/cni-directory.ts';
import type { Learned } from '../addresses/cni-files/learned.ts';
import type { ResultEvent } from '../addresses/result-tap.ts';

type States = Readonly<Record<string, DirectoryState>>;

export interface FollowedResultsDeps extends Pick<AddressClaimsDeps, 'memory' | 'isNamed'> {
  /** What a previous process knew. */
  readonly kept?: SavedResults | undefined;
  /** Called synchronously when a Pod loses an address. */
  readonly released?: (() => void) | undefined;
}

export interface FollowedResults {
  /** A snapshot begins. It takes effect at `endSnapshot`. */
  readonly beginSnapshot: () => void;
  /** The snapshot is complete: files that it lacks are unknown or removed. False: none had begun. */
  readonly endSnapshot: () => boolean;
  readonly take: (event: ResultEvent) => void;
  /** As of the last complete snapshot and the messages after it. Files that a snapshot repeats keep their place in the order. */
  readonly owners: AddressOwners;
  readonly states: () => States;
}

/** The result files as reported by reconcile, over successive connections. */
export function createFollowedResults({ kept, ...deps }: FollowedResultsDeps = {}): FollowedResults {
  const owners = createAddressOwners({ ...deps, isComplete: (directory) => states[directory] === 'ok' });
  if (kept !== undefined) owners.restore(kept);
  let states: States = {};
  let snapshot: ResultEvent[] | undefined;
  let turn = 0;

  function apply(event: ResultEvent): void {
    turn += 1;
    if (event.kind === 'directories') ({ states } = event);
    else tell(owners, event, { turn, createdNs: 0n });
  }

  function applySnapshot(events: readonly ResultEvent[]): void {
    states = {};
    for (const event of events) if (event.kind === 'directories') apply(event);
    const present = new Set(events.flatMap((event) => ('file' in event ? [event.file] : [])));
    for (const file of [...owners.all().map(({ key }) => key), ...owners.unread().keys()])
      if (!present.has(file)) miss(file);
    turn += 1;
    const former = { turn, createdNs: 0n };
    for (const event of events)
      // reconcile 0.1 reports neither an order nor creation times.
      if (event.kind === 'result' && event.createdNs === undefined)
        owners.set(event.file, event, { ...former, createdNs: event.mtimeNs });
      else apply(event);
  }

  /**
   * A restarted reconcile does not know earlier files: if the directory exists and the file does not, the runtime has removed
   * it.
   */
  function miss(file: string): void {
    if (states[directoryOf(file)] === 'ok') owners.free(file);
    else owners.forget(file);
  }

  return {
    beginSnapshot() {
      snapshot = [];
    },
    endSnapshot() {
      if (snapshot === undefined) return false;
      const events = snapshot;
      snapshot = undefined;
      applySnapshot(events);
      return true;
    },
    take(event) {
      if (snapshot === undefined) apply(event);
      else snapshot.push(event);
    },
    owners,
    states: () => states,
  };
}

function tell(
  owners: AddressOwners,
  event: Exclude<ResultEvent, { kind: 'directories' }>,
  learned: Learned,
): void {
  switch (event.kind) {
    case 'result':
      owners.set(event.file, event, learned);
      return;
    case 'unreadable':
      owners.unreadable(event.file, true, learned);
      return;
    case 'removed':
      owners.forget(event.file);
      return;
    case 'freed':
      owners.free(event.file);
      return;
    case 'returned':
      owners.remember(event.pod);
  }
}

import { createListeners, listenerFailed } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import type { AddressOwners } from './address-owners.ts';

import type { Claim, ClaimStamp } from './claim.ts';
import { inOrder } from './cni-files/learned.ts';
import { partsOf } from './saved-claims.ts';
import type { DirectoryState } from './cni-files/cni-directory.ts';
import type { CniResult } from './cni-files/parse-result.ts';

/** One event about a result file. */
export type ResultEvent =
  | ({ readonly kind: 'result' } & ResultFact)
  /** The file exists but cannot be read: it may name any address. */
  | { readonly kind: 'unreadable'; readonly file: string }
  /** Nothing is known about the file any more. */
  | { readonly kind: 'removed'; readonly file: string }
  /** The runtime removed the file: its addresses are released. */
  | { readonly kind: 'freed'; readonly file: string }
  /** A Pod (UID, or namespace/name) had a result until the runtime removed it. */
  | { readonly kind: 'returned'; readonly pod: string }
  | { readonly kind: 'directories'; readonly states: Readonly<Record<string, DirectoryState>> };

/** The current content of a file. */
export interface ResultFact extends ClaimStamp {
  readonly file: string;
  /** With the addresses that the Pod owns by it, or owned when it was last read. */
  readonly result: CniResult;
  /** The other addresses that it names. */
  readonly lost: readonly string[];
  /** It exists but cannot be read. */
  readonly unreadable: boolean;
}

export interface ResultTap {
  /** Everything that a new subscriber needs, files in the order in which they were learned of. */
  readonly snapshot: () => readonly ResultEvent[];
  /** Called synchronously with each event, in order. The returned function removes the listener. */
  readonly on: (listener: (event: ResultEvent) => void) => () => void;
}

export interface ResultTapDeps {
  readonly owners: Pick<AddressOwners, 'of' | 'all' | 'unread' | 'returned'>;
  readonly states: () => Readonly<Record<string, DirectoryState>>;
  readonly log: Log;
}

/** Passes on what is read from result files. */
export function createResultTap({ owners, states, log }: ResultTapDeps): ResultTap & {
  readonly tell: (event: ResultEvent) => void;
  /** Sends the current state of the file. False: there is none. */
  readonly tellFile: (file: string) => boolean;
} {
  const { tell, on } = createListeners<ResultEvent>({ failed: listenerFailed(log, 'CNI results') });

  /** For the file of a container that is no Pod's, only the losses of others matter. */
  function factsOf(claim: Claim): ResultEvent[] {
    if (claim.pod === undefined) return [];
    const unreadable = claim.state === 'unreadable';
    return [{ kind: 'result', file: claim.key, unreadable, ...partsOf(claim), ...claim.stamp }];
  }

  function filesInOrder(): readonly ResultEvent[] {
    const claims = owners.all().filter(({ state }) => state !== 'unknown');
    return inOrder<readonly ResultEvent[]>([
      ...claims.map((claim) => [claim.learned, factsOf(claim)] as const),
      ...Array.from(owners.unread(), ([file, learned]) => [learned, [unreadableFact(file)]] as const),
    ]).flat();
  }

  return {
    snapshot: () => [
      { kind: 'directories', states: states() },
      ...owners.returned().map((pod) => ({ kind: 'returned', pod }) as const),
      ...filesInOrder(),
    ],
    on,
    tell,
    tellFile(file) {
      const claim = owners.of(file);
      if (claim?.state === 'unknown') return true;
      const facts = claim === undefined ? [] : factsOf(claim);
      if (owners.unread().has(file)) facts.push(unreadableFact(file));
      facts.forEach(tell);
      return facts.length > 0;
    },
  };
}

function unreadableFact(file: string): ResultEvent {
  return { kind: 'unreadable', file };
}

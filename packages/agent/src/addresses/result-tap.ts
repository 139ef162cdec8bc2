import { describeError } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import type { DirectoryState } from './cni-directory.ts';
import type { CniResult } from './cni-result.ts';
import type { HeldIps } from './held-ips.ts';

/** One thing that was learned of the result files. */
export type ResultEvent =
  /** What the file says now. */
  | { readonly kind: 'result'; readonly file: string; readonly result: CniResult; readonly mtimeNs: bigint }
  /** Nothing is known of the file any more. */
  | { readonly kind: 'removed'; readonly file: string }
  /** The runtime removed the file: its addresses are free. */
  | { readonly kind: 'freed'; readonly file: string }
  /** A Pod (UID, or namespace/name) had a result until the runtime removed it. */
  | { readonly kind: 'returned'; readonly pod: string }
  | { readonly kind: 'directories'; readonly states: Readonly<Record<string, DirectoryState>> };

export interface ResultTap {
  /** What brings one who knows nothing up to date. */
  readonly snapshot: () => readonly ResultEvent[];
  /** Called with each event at once, in order. The returned function ends the listening. */
  readonly on: (listener: (event: ResultEvent) => void) => () => void;
}

export interface ResultTapDeps {
  readonly held: Pick<HeldIps, 'results' | 'returned'>;
  readonly states: () => Readonly<Record<string, DirectoryState>>;
  readonly log: Log;
}

/** Hands on what is read of result files. A listener that throws keeps nothing from the others. */
export function createResultTap({ held, states, log }: ResultTapDeps): ResultTap & {
  readonly tell: (event: ResultEvent) => void;
} {
  const listeners = new Set<(event: ResultEvent) => void>();

  return {
    snapshot: () => [
      { kind: 'directories', states: states() },
      ...held.returned().map((pod) => ({ kind: 'returned', pod }) as const),
      ...held
        .results()
        .map(({ key: file, result, mtimeNs }) => ({ kind: 'result', file, result, mtimeNs }) as const),
    ],
    on(listener) {
      const own = (event: ResultEvent) => {
        listener(event);
      };
      listeners.add(own);
      return () => {
        listeners.delete(own);
      };
    },
    tell(event) {
      for (const listener of listeners) {
        try {
          listener(event);
        } catch (error) {
          log.error('a listener failed', { error: describeError(error) });
        }
      }
    },
  };
}

import type { Clock, Log } from '@rolegate/runtime';

/** How long readiness names it after the merge: people look later. Milliseconds. */
const SHOWN_MS = 3_600_000;

export const olderSecretKinds = ['older', 'unnumbered'] as const;

/** A Secret that is not newer than what a replica knows, and differs from it. */
export interface OlderSecret {
  /** unnumbered: all is there but the generation, as a server of 0.1 writes it. */
  readonly found: (typeof olderSecretKinds)[number];
  /** Of the Secret. */
  readonly generation: number;
  /** Ids of authorities in it that are not taken: withdrawn, or never known here. */
  readonly refused: readonly string[];
}

export interface OlderSecretLogDeps {
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly log: Log;
  /** Where the Secret is. */
  readonly fields: object;
  readonly count: (found: OlderSecret['found']) => void;
}

/** Says in log, metric and readiness that the Secret was older than what this replica knows. */
export function createOlderSecretLog({ clock, log, fields, count }: OlderSecretLogDeps) {
  let last: { readonly atMs: number; readonly text: string } | undefined;

  return {
    /** `known`: the generation that this replica is at. */
    tell({ found, generation, refused }: OlderSecret, known: number): void {
      count(found);
      if (found === 'unnumbered') {
        log.info('authority secret had lost its generation', {
          ...fields,
          known,
          hint: 'expected while servers of version 0.1 run; they write it without one',
        });
        return;
      }
      const at = new Date(clock.now()).toISOString();
      last = {
        atMs: clock.monotonic(),
        text: `at ${at} the Secret was older (generation ${generation}) than what this server knows (${known}), and was merged`,
      };
      log.error('authority secret is older than what this server knows, and is merged', {
        ...fields,
        generation,
        known,
        refused,
        hint: 'find out who restored it; if all servers and the Secret were restored, withdraw the stolen authority again',
      });
    },
    /** Undefined: not within the last hour. */
    lately: () => (last !== undefined && clock.monotonic() - last.atMs < SHOWN_MS ? last.text : undefined),
  };
}

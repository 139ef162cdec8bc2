import { createLimitLog } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';

/** Every limit of what is read from the API server, or told it (DESIGN.md 4.11), as metric and log name it. */
export const limitNames = [
  'annotation_bytes',
  'namespace_text_bytes',
  'text_bytes',
  'watch_line_bytes',
  'events',
] as const;
export type LimitName = (typeof limitNames)[number];

/** Who met a limit. */
export interface LimitSubject {
  readonly kind: string;
  /** Of the object; '' if it is not known. */
  readonly namespace: string;
  readonly name?: string;
  readonly keys?: readonly string[];
}

export type LimitHit = (limit: LimitName, subject: LimitSubject) => void;

export interface LimitHitsDeps {
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  readonly log: Log;
  readonly counted: (limit: LimitName) => void;
}

const WINDOW_MS = 60_000;

const HINTS: Readonly<Record<LimitName, string>> = {
  annotation_bytes:
    'shorten the annotation: it is not read; expressions may have 4 kB, lists 64 kB, tags 16 kB, others 2 kB',
  namespace_text_bytes:
    'see who writes so many different annotations in this Namespace; 8 MiB of them are kept',
  text_bytes:
    'see which Namespaces have the most different annotations; 128 MiB of them are kept in all, of which 32 MiB are for the first 16 KiB of each Namespace',
  watch_line_bytes: 'no object of the API server is as large; see what stands between it and this server',
  events:
    'see why so many Pods of this Namespace are denied; 100 Events of a Namespace wait at most, and 1,000 in all',
};

/** Counts limits that were met, and says so: a line for each Namespace and limit at the beginning of a storm, one at its end. */
export function createLimitHits({ clock, log, counted }: LimitHitsDeps): LimitHit {
  const note = createLimitLog({ clock, log, windowMs: WINDOW_MS });
  return (limit, subject) => {
    counted(limit);
    note(subject.namespace, limit, { limit, ...subject }, { hint: HINTS[limit] });
  };
}

import type { AnswerRecord } from './answer-record.ts';

/** What is remembered of a Pod. */
interface Seen {
  /** On the monotonic clock. Milliseconds. */
  readonly askedMs: number;
  answered: boolean;
  served: boolean;
}

/** A node holds some hundred Pods; beyond this those that are gone are forgotten. */
const MOST_SEEN = 1024;

export type FirstAnswer = Pick<AnswerRecord, 'firstRequest' | 'first' | 'sinceFirstRequestMs'>;

/** Of what is no Pod's asking for credentials. */
export const notFirst: FirstAnswer = { firstRequest: false, first: false, sinceFirstRequestMs: undefined };

export interface FirstRequests {
  /** The Pod asks for credentials. */
  asked(uid: string, monotonicMs: number): void;
  /** It was answered, with credentials or without. */
  answered(uid: string, outcome: { readonly served: boolean; readonly monotonicMs: number }): FirstAnswer;
}

/** Remembers which Pods have asked for, and been given, credentials since the process began. */
export function createFirstRequests({
  isKnown,
}: {
  readonly isKnown: (uid: string) => boolean;
}): FirstRequests {
  const seen = new Map<string, Seen>();

  function makeRoom(): void {
    if (seen.size < MOST_SEEN) return;
    for (const uid of seen.keys()) if (!isKnown(uid)) seen.delete(uid);
    const [oldest] = seen.keys();
    if (seen.size >= MOST_SEEN && oldest !== undefined) seen.delete(oldest);
  }

  return {
    asked(uid, monotonicMs) {
      if (seen.has(uid)) return;
      makeRoom();
      seen.set(uid, { askedMs: monotonicMs, answered: false, served: false });
    },
    answered(uid, { served, monotonicMs }) {
      const pod = seen.get(uid);
      if (pod === undefined) return notFirst;
      const firstRequest = !pod.answered;
      const first = served && !pod.served;
      pod.answered = true;
      pod.served ||= served;
      return { firstRequest, first, sinceFirstRequestMs: first ? monotonicMs - pod.askedMs : undefined };
    },
  };
}

import type { AgentMemory } from '../../memory/memory.ts';
import type { AnswerRecord } from './record.ts';

/** What is remembered of a Pod. */
interface PodRequests {
  /** On the monotonic clock. Milliseconds. */
  readonly askedMs: number;
  answered: boolean;
  served: boolean;
}

/** A node holds some hundred Pods. */
const MOST_PODS = 1024;
/** How long it is known of a Pod that is gone. Milliseconds. */
const GONE_MS = 600_000;

export type FirstAnswer = Pick<AnswerRecord, 'firstRequest' | 'first' | 'sinceFirstRequestMs'>;

/** Of what is no Pod's asking for credentials. */
export const notFirst: FirstAnswer = { firstRequest: false, first: false, sinceFirstRequestMs: undefined };

export interface FirstRequests {
  /** The Pod asks for credentials. */
  asked(uid: string, monotonicMs: number, namespace: string): void;
  /** It was answered, with credentials or without. */
  answered(uid: string, outcome: { readonly served: boolean; readonly monotonicMs: number }): FirstAnswer;
}

export interface FirstRequestsDeps {
  /** The Pod is there. */
  readonly isKnown: (uid: string) => boolean;
  readonly memory: AgentMemory;
}

/** Remembers which Pods have asked for, and been given, credentials since the process began. */
export function createFirstRequests({ isKnown, memory }: FirstRequestsDeps): FirstRequests {
  const pods = memory.remember<PodRequests>('first_requests', {
    keepMs: GONE_MS,
    most: MOST_PODS,
    stays: isKnown,
  });

  return {
    asked(uid, monotonicMs, namespace) {
      if (pods.peek(uid) !== undefined) return;
      pods.set(uid, { askedMs: monotonicMs, answered: false, served: false }, namespace);
    },
    answered(uid, { served, monotonicMs }) {
      const pod = pods.peek(uid);
      if (pod === undefined) return notFirst;
      const firstRequest = !pod.answered;
      const first = served && !pod.served;
      pod.answered = true;
      pod.served ||= served;
      return { firstRequest, first, sinceFirstRequestMs: first ? monotonicMs - pod.askedMs : undefined };
    },
  };
}

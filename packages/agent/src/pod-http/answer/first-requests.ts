import type { AgentMemory } from '../../memory/memory.ts';
import type { AnswerRecord } from './record.ts';

/** What is remembered about a Pod. */
interface PodRequests {
  /** On the monotonic clock. Milliseconds. */
  readonly askedMs: number;
  answered: boolean;
  served: boolean;
  /** What it has asked with, in the order of the first requests. */
  readonly clients: string[];
}

/** Clients of a Pod that are remembered. */
const MOST_CLIENTS = 4;
/** A node has some hundred Pods. */
const MOST_PODS = 1024;
/** How long a removed Pod is remembered. Milliseconds. */
const GONE_MS = 600_000;

export type FirstAnswer = Pick<AnswerRecord, 'firstRequest' | 'first' | 'sinceFirstRequestMs'>;

/** For answers that are not about a Pod's credentials. */
export const notFirst: FirstAnswer = { firstRequest: false, first: false, sinceFirstRequestMs: undefined };

export interface FirstRequests {
  /** The Pod requested credentials, with this client. */
  asked(uid: string, client: string, at: { readonly monotonicMs: number; readonly namespace: string }): void;
  /** The request was answered, with or without credentials. */
  answered(uid: string, outcome: { readonly served: boolean; readonly monotonicMs: number }): FirstAnswer;
  /** The clients of a Pod; the first ones, if there are many. */
  readonly clientsOf: (uid: string) => readonly string[];
}

export interface FirstRequestsDeps {
  /** True if the Pod exists. */
  readonly isKnown: (uid: string) => boolean;
  readonly memory: AgentMemory;
}

/** Remembers which Pods have requested and received credentials since the process started. */
export function createFirstRequests({ isKnown, memory }: FirstRequestsDeps): FirstRequests {
  const pods = memory.remember<PodRequests>('first_requests', {
    keepMs: GONE_MS,
    most: MOST_PODS,
    stays: isKnown,
  });

  return {
    asked(uid, client, { monotonicMs, namespace }) {
      const clients = pods.peek(uid)?.clients;
      if (clients === undefined) {
        const pod = { askedMs: monotonicMs, answered: false, served: false, clients: [client] };
        pods.set(uid, pod, namespace);
      } else if (clients.length < MOST_CLIENTS && !clients.includes(client)) {
        clients.push(client);
      }
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
    clientsOf: (uid) => pods.peek(uid)?.clients ?? [],
  };
}

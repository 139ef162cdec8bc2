import type { Clock } from '@rolegate/runtime';
import { podOf } from '../addresses/caller.ts';
import type { Caller } from '../addresses/caller.ts';
import type { KnownPod } from '../feed/table/known-pod.ts';
import type { Answer } from './answer/answer.ts';
import type { AnswerFacts, AnswerRecord } from './answer/record.ts';
import type { Connection } from './connections.ts';
import type { Exchange } from './exchange.ts';
import { notFirst } from './answer/first-requests.ts';
import type { FirstAnswer, FirstRequests } from './answer/first-requests.ts';

export interface AnswerDescriptionsDeps {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly firstRequests: FirstRequests;
  readonly identify: (ip: string) => Caller;
}

export interface AnswerDescriptions {
  /** Also records what the Pod has received. Call once per answer. */
  readonly facts: (exchange: Exchange, answer: Answer) => AnswerFacts;
  readonly record: (exchange: Exchange, answer: Answer, facts: AnswerFacts) => AnswerRecord;
}

/** Describes answers: briefly for each, in full for those that are logged. */
export function createAnswerDescriptions(deps: AnswerDescriptionsDeps): AnswerDescriptions {
  const { clock, firstRequests, identify } = deps;

  function firstOf(
    { head: { asks, client }, startedMs }: Exchange,
    { uid, namespace }: Pick<KnownPod, 'uid' | 'namespace'>,
    answer: Answer,
    monotonicMs: number,
  ): FirstAnswer {
    if (uid === '' || asks === undefined) return notFirst;
    firstRequests.asked(uid, client, { monotonicMs: startedMs, namespace });
    // Listing roles is no outcome yet: the SDK continues with the role's name.
    if (asks === 'list' && answer.code === '') return notFirst;
    return firstRequests.answered(uid, { served: answer.accessKeyId !== undefined, monotonicMs });
  }

  /** A request that is refused whoever sent it has no identified caller, but is still described with the Pod. */
  function podBehind({ caller, connection }: Exchange): KnownPod | undefined {
    return podOf(caller ?? identify(connection.ip));
  }

  return {
    facts(exchange, answer) {
      const { connection, head, startedMs } = exchange;
      const pod = podBehind(exchange);
      const monotonicMs = clock.monotonic();
      const first = pod === undefined ? notFirst : firstOf(exchange, pod, answer, monotonicMs);
      return {
        route: head.routeName,
        status: answer.status,
        reason: answer.code === '' ? undefined : answer.code,
        uid: nonEmpty(pod?.uid) ?? nonEmpty(connection.context.uid),
        sessionId: pod?.decision.kind === 'allow' ? pod.decision.sessionId : undefined,
        durationMs: inMicroseconds(monotonicMs - startedMs),
        sdk: head.sdk,
        imds: head.imds,
        firstRequest: first.firstRequest,
        first: first.first,
        sinceFirstRequestMs: first.sinceFirstRequestMs,
      };
    },
    record: (exchange, answer, facts) => recordOf(exchange, answer, facts, podBehind(exchange)),
  };
}

function recordOf(
  { head: { method }, connection, held, tokenPod, requestId }: Exchange,
  { detail, waitedFor, accessKeyId }: Answer,
  facts: AnswerFacts,
  pod: KnownPod | undefined,
): AnswerRecord {
  const session = pod?.decision.kind === 'allow' ? pod.decision : undefined;
  return {
    ...facts,
    method,
    detail,
    waitedFor,
    accessKeyId,
    tokenPod: tokenPod && `${tokenPod.namespace}/${tokenPod.name}`,
    tokenUid: tokenPod?.uid,
    ip: connection.ip,
    pod: nonEmpty(pod?.name),
    namespace: nonEmpty(pod?.namespace),
    serviceAccount: nonEmpty(pod?.serviceAccount),
    role: session?.roleArn,
    sessionName: session?.sessionName,
    cache: held ? 'hold' : 'hit',
    requestId,
  };
}

/** The record of data that was never parsed as a request: only its origin is known. */
export function describeUnparsed(
  { ip, context }: Connection,
  { status, code, detail, waitedFor, accessKeyId }: Answer,
  requestId: string,
): AnswerRecord {
  return {
    route: context.endpoint.unparsedRoute,
    method: '',
    status,
    reason: code === '' ? undefined : code,
    detail,
    waitedFor,
    accessKeyId,
    tokenPod: undefined,
    tokenUid: undefined,
    ip,
    pod: undefined,
    namespace: undefined,
    serviceAccount: undefined,
    uid: nonEmpty(context.uid),
    role: undefined,
    sessionName: undefined,
    sessionId: undefined,
    durationMs: 0,
    cache: 'hit',
    sdk: 'none',
    imds: undefined,
    requestId,
    ...notFirst,
  };
}

/** Empty fields are left out. */
function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

/** Finer digits are noise. */
function inMicroseconds(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}

import type { Clock } from '@rolegate/runtime';
import type { Caller } from '../addresses/callers.ts';
import type { KnownPod } from '../feed/known-pod.ts';
import type { Answer } from './answer.ts';
import type { AnswerRecord } from './answer-record.ts';
import type { Connection } from './connections.ts';
import type { Exchange } from './exchange.ts';
import { notFirst } from './first-requests.ts';
import type { FirstAnswer, FirstRequests } from './first-requests.ts';
import { routeName } from './routes.ts';
import { sdkOf } from './sdk.ts';
import { podOf } from './situation.ts';

export interface DescribeAnswerDeps {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly firstRequests: FirstRequests;
  readonly identify: (ip: string) => Caller;
}

export type DescribeAnswer = (exchange: Exchange, answer: Answer) => AnswerRecord;

/** Makes the record of an answer, and remembers what the Pod has had. */
export function createDescribeAnswer({ clock, firstRequests, identify }: DescribeAnswerDeps): DescribeAnswer {
  function firstOf(
    { route, startedMs }: Exchange,
    { uid, namespace }: Pick<KnownPod, 'uid' | 'namespace'>,
    answer: Answer,
    monotonicMs: number,
  ): FirstAnswer {
    if (route.kind !== 'credentials' && route.kind !== 'list') return notFirst;
    firstRequests.asked(uid, startedMs, namespace);
    // The list alone is no outcome yet: the SDK comes back with the role's name.
    if (route.kind === 'list' && answer.code === '') return notFirst;
    return firstRequests.answered(uid, { served: answer.accessKeyId !== undefined, monotonicMs });
  }

  return (exchange, answer) => {
    const { connection, method, headers, route, requestId, startedMs, held } = exchange;
    // What is refused whoever asks has not been looked at: the line names the Pod all the same.
    const pod = podOf(exchange.caller ?? identify(connection.ip));
    const session = pod?.decision.kind === 'allow' ? pod.decision : undefined;
    const monotonicMs = clock.monotonic();
    const uid = said(pod?.uid);
    const first =
      pod === undefined || uid === undefined ? notFirst : firstOf(exchange, pod, answer, monotonicMs);
    return {
      route: routeName(route),
      method,
      ...answerFields(answer),
      ip: connection.ip,
      pod: said(pod?.name),
      namespace: said(pod?.namespace),
      serviceAccount: said(pod?.serviceAccount),
      uid: uid ?? said(connection.context.uid),
      role: session?.roleArn,
      sessionName: session?.sessionName,
      sessionId: session?.sessionId,
      durationMs: inMicroseconds(monotonicMs - startedMs),
      cache: held ? 'hold' : 'hit',
      sdk: sdkOf(headers.userAgent),
      imds: headers.token === undefined && route.kind !== 'token' ? 'v1' : 'v2',
      requestId,
      firstRequest: first.firstRequest,
      first: first.first,
      sinceFirstRequestMs: first.sinceFirstRequestMs,
    };
  };
}

/** The record of what did not become a request: nothing is known of it but where it came from. */
export function describeUnparsed(
  { ip, context }: Connection,
  answer: Answer,
  requestId: string,
): AnswerRecord {
  return {
    route: 'malformed',
    method: '',
    ...answerFields(answer),
    ip,
    pod: undefined,
    namespace: undefined,
    serviceAccount: undefined,
    uid: said(context.uid),
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

/** Of a Pod of whom not everything is known the rest is left out. */
function said(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function answerFields({ status, code, detail, waitedFor, accessKeyId }: Answer) {
  return { status, reason: code === '' ? undefined : code, detail, waitedFor, accessKeyId };
}

/** What is finer is noise, and long to read. */
function inMicroseconds(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}

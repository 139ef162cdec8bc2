import type { Client, Clock, HttpRequest, RequestHead } from '@rolegate/runtime';
import type { Caller } from '../addresses/caller.ts';
import type { KnownPod } from '../feed/table/known-pod.ts';
import type { RouteName } from './answer/record.ts';
import type { Connection, Owner } from './connections.ts';
import type { Client as HttpClient } from './sdk.ts';

/** The content of a request head, whoever sent it. */
export interface ReadHead extends HttpClient {
  readonly method: string;
  readonly routeName: RouteName;
  /** What a Pod's first request is counted by; undefined: something else. */
  readonly asks: 'credentials' | 'list' | undefined;
  /** Undefined if it does not apply. */
  readonly imds: 'v1' | 'v2' | undefined;
}

/** One request until it is answered. */
export interface Exchange<Head extends ReadHead = ReadHead> {
  readonly request: HttpRequest<Owner>;
  readonly connection: Connection;
  readonly requestId: string;
  /** On the monotonic clock. Milliseconds. */
  readonly startedMs: number;
  readonly head: Head;
  /** The caller as last identified. */
  caller: Caller | undefined;
  /** The Pod of the ServiceAccount token, if the request comes from elsewhere. */
  tokenPod: KnownPod | undefined;
  /** Its place among waiting requests; undefined: it does not wait. */
  place: Client<Exchange> | undefined;
  /** It was held. */
  held: boolean;
  /** Answered, or abandoned by the client. */
  done: boolean;
}

export interface ExchangesDeps<Head extends ReadHead> {
  /** `namespace`: of the Pod that sent the request. */
  readonly read: (head: RequestHead, namespace: string) => Head;
  readonly requestId: () => string;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** Reads each request once, before anything is decided. */
export function createExchanges<Head extends ReadHead>({ read, requestId, clock }: ExchangesDeps<Head>) {
  const known = new WeakMap<RequestHead, Head>();

  function readOnce(head: RequestHead, namespace: string): Head {
    const before = head.known ? known.get(head) : undefined;
    if (before !== undefined) return before;
    const made = read(head, namespace);
    if (head.known) known.set(head, made);
    return made;
  }

  return (request: HttpRequest<Owner>): Exchange<Head> => {
    const { connection } = request;
    return {
      request,
      connection,
      requestId: requestId(),
      startedMs: clock.monotonic(),
      head: readOnce(request.head, connection.client.group.name),
      caller: undefined,
      tokenPod: undefined,
      place: undefined,
      held: false,
      done: false,
    };
  };
}

/** Creates request IDs that are short and unique across restarts. */
export function createRequestIds(randomBytes: (size: number) => Uint8Array): () => string {
  const instance = Buffer.from(randomBytes(4)).toString('hex');
  let last = 0;
  return () => {
    last += 1;
    return `${instance}-${last.toString(36)}`;
  };
}

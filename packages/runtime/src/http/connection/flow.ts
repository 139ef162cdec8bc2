import type { Clock } from '../../time/clock.ts';
import { createAnswerWriter } from './answer-writer.ts';
import { createArrivals } from './arrivals.ts';
import type { HttpConnection, HttpHooks, HttpLimit, HttpLimits } from './connection.ts';
import { createGuard, reset } from './connection.ts';
import { createEarlyEnds, createRefusals } from './early-ends.ts';
import { countOrphans, readSendQueues } from '../unread/kernel-queues.ts';
import { createHeadParser } from '../message/known-heads.ts';
import type { KnownHeads } from '../message/known-heads.ts';
import { createRequests } from './requests.ts';
import { createUnread } from '../unread/unread.ts';
import type { Unread, UnreadDeps } from '../unread/unread.ts';

export interface FlowDeps<Context> {
  readonly limits: HttpLimits;
  readonly hooks: HttpHooks<Context>;
  readonly clock: Pick<Clock, 'now' | 'monotonic' | 'schedule'>;
  /** The ports of these connections. */
  readonly ports: ReadonlySet<number>;
  readonly heads?: KnownHeads;
  readonly isClosing: () => boolean;
  readonly failed: (what: 'send queues' | 'connection', error: unknown) => void;
}

/** Runs requests and answers through connections. */
export function createConnectionFlow<Context>(deps: FlowDeps<Context>) {
  type Connection = HttpConnection<Context>;
  const { limits, hooks, clock, heads, isClosing } = deps;
  const guarded = createGuard<Context>((error) => {
    deps.failed('connection', error);
  });
  const unread = boundUnread(deps, {
    reset: (connection) => {
      limited('unread_bytes', connection);
      reset(connection);
    },
    looked: () => {
      requests.unblock();
    },
  });
  const writer = createAnswerWriter<Context>({ limits, clock, unread, written: listen });
  const refuse = createRefusals<Context>({ hooks, unread, send: writer.send, limited });
  const requests = createRequests<Context>({
    limits,
    hooks,
    clock,
    parseHead: createHeadParser(heads),
    unread,
    writer,
    refuse,
    limited,
    isClosing,
    guarded,
  });
  const arrivals = createArrivals<Context>({ limits, advance: requests.advance, refuse, limited });
  const ends = createEarlyEnds<Context>({ limits, refuse, limited });

  function limited(limit: HttpLimit, { client, ip }: Connection): void {
    hooks.limited(limit, { group: client.group.name, name: client.name }, ip);
  }

  /** Waits for the next request. Also called when a write is canceled because the connection was reset. */
  function listen(connection: Connection): void {
    if (connection.socket.destroyed) return;
    const nothing = connection.pending === '';
    connection.stage = 'reading';
    connection.deadlineMs = clock.monotonic() + (nothing ? limits.keepAliveMs : limits.headMs);
    connection.client.idle.add(connection);
    if (!nothing || connection.clientEnded) requests.advance(connection, true);
  }

  return {
    received: guarded(arrivals.received),
    ended: guarded(arrivals.ended),
    expired: guarded(ends.expired),
    evict: guarded(ends.evict),
    respond: requests.respond,
    closed: requests.closed,
    unread,
  };
}

/** Bounds what clients leave unread, by the kernel's send queues. Undefined if there is no bound. */
function boundUnread<Context>(
  { limits, clock, ports, failed }: FlowDeps<Context>,
  ends: Pick<UnreadDeps<HttpConnection<Context>>, 'reset' | 'looked'>,
): Unread<HttpConnection<Context>> | undefined {
  if (limits.unread === undefined) return undefined;
  return createUnread<HttpConnection<Context>>({
    ...ends,
    limits: limits.unread,
    readQueues: (family) => readSendQueues(family, ports),
    countOrphans,
    failed: (error) => {
      failed('send queues', error);
    },
    schedule: clock.schedule,
    now: clock.monotonic,
  });
}

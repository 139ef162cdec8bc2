import { Refusal } from '@rolegate/protocol';
import { describeError } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { Callers } from '../addresses/callers.ts';
import type { PodTable } from '../feed/pod-table.ts';
import { document, fault, refusal } from './answer.ts';
import type { Answer } from './answer.ts';
import type { Connections } from './connections.ts';
import { earlyRefusal } from './early-refusal.ts';
import type { Exchange, OpenExchange } from './exchange.ts';
import type { createFinish } from './finish.ts';
import type { Holds } from './hold.ts';
import type { Limits } from './limits.ts';
import type { OtherMetadata, Reader } from './other-metadata.ts';
import { decide } from './rows.ts';
import { holderUid } from './situation.ts';
import type { Imdsv1Mode, Situation, Verdict } from './situation.ts';
import type { Tokens } from './tokens.ts';

export interface AnsweringDeps extends ReturnType<typeof createFinish> {
  readonly callers: Pick<Callers, 'identify'>;
  readonly table: Pick<PodTable, 'session'>;
  readonly other: OtherMetadata;
  readonly tokens: Pick<Tokens, 'mint' | 'check'>;
  readonly connections: Pick<Connections, 'claim'>;
  readonly limits: Pick<Limits, 'hold'>;
  readonly holds: Pick<Holds, 'hold'>;
  readonly isHostAllowed: (host: string | undefined) => boolean;
  readonly imdsv1: Imdsv1Mode;
  readonly groups: ReadonlySet<string>;
  /** Milliseconds, by User-Agent. */
  readonly holdBudgetMs: (userAgent: string) => number;
  /** A request begins to wait for who holds its address. */
  readonly onUnknownIp: (ip: string) => void;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly log: Log;
}

const TTL_HEADER = 'X-aws-ec2-metadata-token-ttl-seconds';

/** Takes an exchange to its answer, at once wherever it can. */
export function createAnswering(deps: AnsweringDeps): (exchange: Exchange) => void {
  const { callers, table, other, tokens, connections, limits, holds, finish, abandon } = deps;
  const session = table.session;

  function begin(exchange: Exchange): void {
    if (exchange.connection.over) {
      finish(exchange, refusal('TooManyRequests', { detail: 'too many connections' }));
      return;
    }
    const order = earlyRefusal({ ...exchange, isHostAllowed: deps.isHostAllowed });
    if ('status' in order) {
      finish(exchange, order);
      return;
    }
    const open = exchange as OpenExchange;
    const verdict = look(open);
    if (verdict?.kind === 'hold') startHold(open, order.ttlSeconds);
    else if (verdict !== undefined) follow(open, verdict, order.ttlSeconds);
  }

  /** Undefined: the connection is another Pod's, and closed. */
  function look(exchange: OpenExchange): Verdict | undefined {
    const { connection, headers, route } = exchange;
    const caller = callers.identify(connection.ip);
    exchange.caller = caller;
    const uid = holderUid(caller);
    if (!connections.claim(connection, uid)) {
      abandon(exchange);
      return undefined;
    }
    return decide({ route, caller, token: tokenState(connection.ip, uid, headers.token), ...surroundings() });
  }

  function tokenState(ip: string, uid: string | undefined, token: string | undefined): Situation['token'] {
    return token === undefined ? 'missing' : tokens.check(token, { ip, uid });
  }

  function surroundings() {
    const { imdsv1, groups, clock } = deps;
    return { imdsv1, groups, other, session, monotonicMs: clock.monotonic(), nowMs: clock.now() };
  }

  function follow(
    exchange: OpenExchange,
    verdict: Exclude<Verdict, { kind: 'hold' }>,
    ttlSeconds: number,
  ): void {
    if (verdict.kind === 'answer') finish(exchange, verdict.answer);
    else if (verdict.kind === 'mint') finish(exchange, mint(exchange, ttlSeconds));
    else startRead(exchange, verdict);
  }

  function mint({ connection: { ip }, caller }: OpenExchange, ttlSeconds: number): Answer {
    const token = tokens.mint({ ip, uid: caller && holderUid(caller), ttlSeconds });
    return { ...document(token), headers: [TTL_HEADER, String(ttlSeconds)] };
  }

  function takePlace(exchange: OpenExchange): boolean {
    exchange.hasPlace ||= limits.hold(exchange.connection.ip);
    if (!exchange.hasPlace) {
      finish(exchange, refusal('TooManyRequests', { detail: 'too many requests wait' }));
    }
    return exchange.hasPlace;
  }

  function startHold(exchange: OpenExchange, ttlSeconds: number): void {
    if (!takePlace(exchange)) return;
    exchange.held = true;
    const retry = (): boolean => {
      const verdict = look(exchange);
      if (verdict?.kind === 'hold') return false;
      if (verdict !== undefined) follow(exchange, verdict, ttlSeconds);
      return true;
    };
    const giveUp = (): void => {
      const verdict = look(exchange);
      if (verdict?.kind === 'hold') finish(exchange, verdict.inVain);
      else if (verdict !== undefined) follow(exchange, verdict, ttlSeconds);
    };
    const end = holds.hold({
      budgetMs: deps.holdBudgetMs(exchange.headers.userAgent),
      retry: () => guarded(exchange, retry) ?? true,
      giveUp: () => {
        guarded(exchange, giveUp);
      },
    });
    exchange.response.once('close', () => {
      end();
      abandon(exchange);
    });
    if (exchange.caller?.kind === 'unknown') deps.onUnknownIp(exchange.connection.ip);
  }

  function startRead(exchange: OpenExchange, { path, reader }: { path: string; reader: Reader }): void {
    if (!takePlace(exchange)) return;
    if (!exchange.held) {
      exchange.response.once('close', () => {
        abandon(exchange);
      });
    }
    other.read(path, reader).then(
      (text) =>
        guarded(exchange, () => {
          finishRead(exchange, text === undefined ? NOT_THERE : document(text));
        }),
      (error: unknown) =>
        guarded(exchange, () => {
          finishRead(exchange, readFault(error));
        }),
    );
  }

  /** The address may have changed hands meanwhile. */
  function finishRead(exchange: OpenExchange, answer: Answer): void {
    const { connection } = exchange;
    if (connections.claim(connection, holderUid(callers.identify(connection.ip)))) finish(exchange, answer);
    else abandon(exchange);
  }

  /** A fault of ours costs one request, never the process. */
  function guarded<Result>(exchange: Exchange, step: () => Result): Result | undefined {
    try {
      return step();
    } catch (error) {
      deps.log.error('request failed', { error: describeError(error), requestId: exchange.requestId });
      if (exchange.done) exchange.connection.socket.destroy();
      else finish(exchange, fault(503, 'InternalFault', { detail: describeError(error) }));
      return undefined;
    }
  }

  return (exchange) => {
    guarded(exchange, () => {
      begin(exchange);
    });
  };
}

const NOT_THERE = refusal('PathBlocked', { detail: 'the node has no such metadata' });

function readFault(error: unknown): Answer {
  const detail = describeError(error);
  return error instanceof Refusal
    ? refusal(error.reason, { detail })
    : fault(503, 'NodeImdsAway', { detail });
}

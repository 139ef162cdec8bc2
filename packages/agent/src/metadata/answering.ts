import { Refusal } from '@rolegate/protocol';
import { describeError } from '@rolegate/runtime';
import type { Log, Places } from '@rolegate/runtime';
import { ownerUid } from '../addresses/caller.ts';
import { document, fault, refusal } from './answer.ts';
import type { Answer } from './answer.ts';
import { earlyRefusal } from './early-refusal.ts';
import type { Exchange, OpenExchange } from './exchange.ts';
import type { createFinish } from './finish.ts';
import type { Holds } from './hold.ts';
import type { LimitHits } from './limit-hits.ts';
import { createLook } from './evaluate.ts';
import type { LookDeps } from './evaluate.ts';
import type { OtherMetadata } from '../node-imds/other-metadata.ts';
import type { PodRights } from '../node-imds/metadata-rights.ts';
import type { Verdict } from './situation.ts';
import type { Tokens } from '../imds-tokens/tokens.ts';

export interface AnsweringDeps extends ReturnType<typeof createFinish>, LookDeps {
  readonly other: OtherMetadata;
  readonly tokens: Pick<Tokens, 'mint' | 'check'>;
  readonly waiting: Pick<Places<Exchange>, 'enter'>;
  readonly limitHit: LimitHits['hit'];
  readonly holds: Pick<Holds, 'hold'>;
  readonly isHostAllowed: (host: string | undefined) => boolean;
  /** Milliseconds, by User-Agent. */
  readonly holdBudgetMs: (userAgent: string) => number;
  /** A request begins to wait for who holds its address. */
  readonly onUnknownIp: (ip: string, requestId: string) => void;
  readonly log: Log;
}

/** An exchange whose route is open, with what its route needs. */
interface Started {
  readonly exchange: OpenExchange;
  readonly ttlSeconds: number;
}

const TTL_HEADER = 'X-aws-ec2-metadata-token-ttl-seconds';
const TOO_MANY_WAIT = refusal('TooManyRequests', { detail: 'too many requests wait' });
const WAITING_LIMITS = { client: 'waiting_per_pod', group: 'waiting_unknown', total: 'waiting' } as const;

/** Takes an exchange to its answer, at once wherever it can. */
export function createAnswering(deps: AnsweringDeps): (exchange: Exchange) => void {
  const { callers, other, tokens, connections, waiting, holds, finish, abandon } = deps;
  const look = createLook(deps);

  function begin(exchange: Exchange): void {
    const order = earlyRefusal({ ...exchange, isHostAllowed: deps.isHostAllowed });
    if ('status' in order) {
      finish(exchange, order);
      return;
    }
    const started = { exchange: exchange as OpenExchange, ttlSeconds: order.ttlSeconds };
    const verdict = look(started.exchange);
    if (verdict?.kind === 'hold') startHold(started);
    else follow(started, verdict);
  }

  function follow(
    { exchange, ttlSeconds }: Started,
    verdict: Exclude<Verdict, { kind: 'hold' }> | undefined,
  ): void {
    if (verdict === undefined) abandon(exchange);
    else if (verdict.kind === 'answer') finish(exchange, verdict.answer);
    else if (verdict.kind === 'mint') finish(exchange, mint(exchange, ttlSeconds));
    else startRead(exchange, verdict);
  }

  function mint({ connection: { ip }, caller }: OpenExchange, ttlSeconds: number): Answer {
    const token = tokens.mint({ ip, uid: caller && ownerUid(caller), ttlSeconds });
    return { ...document(token), headers: [TTL_HEADER, String(ttlSeconds)] };
  }

  /** False: there is none, and the exchange is answered. */
  function takePlace(exchange: OpenExchange): boolean {
    if (exchange.place !== undefined) return true;
    const { client, ip } = exchange.connection;
    const name = { group: client.group.name, name: client.name };
    const entry = waiting.enter(exchange, name);
    if (entry.limit !== undefined) deps.limitHit(WAITING_LIMITS[entry.limit], name, ip);
    if (entry.kind === 'refused') {
      finish(exchange, TOO_MANY_WAIT);
      return false;
    }
    exchange.place = entry.client;
    if (entry.evicted !== undefined) finish(entry.evicted, TOO_MANY_WAIT);
    return true;
  }

  function startHold(started: Started): void {
    const { exchange } = started;
    if (!takePlace(exchange)) return;
    exchange.held = true;
    const retry = (): boolean => {
      const verdict = look(exchange);
      if (verdict?.kind === 'hold') return false;
      follow(started, verdict);
      return true;
    };
    const giveUp = (): void => {
      const verdict = look(exchange);
      if (verdict?.kind === 'hold') finish(exchange, verdict.inVain);
      else follow(started, verdict);
    };
    const end = holds.hold({
      budgetMs: deps.holdBudgetMs(exchange.headers.userAgent),
      retry: () => guarded(exchange, retry) ?? true,
      giveUp: () => {
        guarded(exchange, giveUp);
      },
    });
    exchange.request.gone = () => {
      end();
      abandon(exchange);
    };
    if (exchange.caller?.kind === 'unknown') deps.onUnknownIp(exchange.connection.ip, exchange.requestId);
  }

  function startRead(exchange: OpenExchange, { path, rights }: { path: string; rights: PodRights }): void {
    if (!takePlace(exchange)) return;
    exchange.request.gone = () => {
      abandon(exchange);
    };
    const finishRead = (answer: Answer): void => {
      const { connection } = exchange;
      // The address may have changed hands meanwhile.
      const isStillTheirs = connections.claim(connection, callers.identify(connection.ip));
      if (isStillTheirs) finish(exchange, answer);
      else abandon(exchange);
    };
    other.read(path, rights).then(
      (text) =>
        guarded(exchange, () => {
          finishRead(text === undefined ? notThere(path) : document(text));
        }),
      (error: unknown) =>
        guarded(exchange, () => {
          finishRead(readFault(error));
        }),
    );
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

function notThere(path: string): Answer {
  return refusal('MetadataNotFound', { detail: `the node has no ${path}` });
}

function readFault(error: unknown): Answer {
  const detail = describeError(error);
  return error instanceof Refusal
    ? refusal(error.reason, { detail })
    : fault(503, 'NodeImdsAway', { detail });
}

import { Refusal } from '@rolegate/protocol';
import { describeError } from '@rolegate/runtime';
import type { Places } from '@rolegate/runtime';
import type { Callers } from '../addresses/callers.ts';
import type { PodRights } from '../node-imds/metadata-rights.ts';
import type { OtherMetadata } from '../node-imds/other-metadata.ts';
import { document, fault, refusal } from './answer/answer.ts';
import type { Answer } from './answer/answer.ts';
import type { Completion } from './complete-exchange.ts';
import type { Connections } from './connections.ts';
import type { Exchange, OpenExchange } from './exchange.ts';
import type { Holds } from './hold.ts';
import type { LimitHits } from './limit-hits.ts';
import type { Action } from '../metadata/rows/situation.ts';

/** Runs a step of an exchange. An exception costs this request, never the process. */
export type Guard = <Result>(exchange: Exchange, step: () => Result) => Result | undefined;

/** Gives an exchange a place among the waiting ones. False: none was free, and the exchange was answered. */
export type TakePlace = (exchange: OpenExchange) => boolean;

export interface TakePlaceDeps extends Pick<Completion, 'finish'> {
  readonly waiting: Pick<Places<Exchange>, 'enter'>;
  readonly limitHit: LimitHits['hit'];
}

/** An exchange on an open route, with what the route needs. */
export interface Started {
  readonly exchange: OpenExchange;
  readonly ttlSeconds: number;
}

export interface HoldingDeps extends Completion {
  readonly evaluate: (exchange: OpenExchange) => Action | undefined;
  /** Carries out an action other than a hold. */
  readonly follow: (started: Started, action: Exclude<Action, { kind: 'hold' }> | undefined) => void;
  readonly guarded: Guard;
  readonly takePlace: TakePlace;
  readonly holds: Pick<Holds, 'hold'>;
  /** Milliseconds, by User-Agent. */
  readonly holdBudgetMs: (userAgent: string) => number;
  /** A request is held because the owner of its address is unknown. */
  readonly onUnknownIp: (ip: string, requestId: string) => void;
}

export interface ReadingDeps extends Completion {
  readonly guarded: Guard;
  readonly takePlace: TakePlace;
  readonly other: Pick<OtherMetadata, 'read'>;
  readonly callers: Pick<Callers, 'identify'>;
  readonly connections: Pick<Connections, 'claim'>;
}

const TOO_MANY_WAIT = refusal('TooManyRequests', { detail: 'too many waiting requests' });
const WAITING_LIMITS = { client: 'waiting_per_pod', group: 'waiting_unknown', total: 'waiting' } as const;

export function createTakePlace({ waiting, limitHit, finish }: TakePlaceDeps): TakePlace {
  return (exchange) => {
    if (exchange.place !== undefined) return true;
    const { client, ip } = exchange.connection;
    const name = { group: client.group.name, name: client.name };
    const entry = waiting.enter(exchange, name);
    if (entry.limit !== undefined) limitHit(WAITING_LIMITS[entry.limit], name, ip);
    if (entry.kind === 'refused') {
      finish(exchange, TOO_MANY_WAIT);
      return false;
    }
    exchange.place = entry.client;
    if (entry.evicted !== undefined) finish(entry.evicted, TOO_MANY_WAIT);
    return true;
  };
}

/** Holds an exchange until another action is due or the time is up. */
export function createHolding({
  evaluate,
  follow,
  guarded,
  takePlace,
  finish,
  abandon,
  ...deps
}: HoldingDeps) {
  return (started: Started): void => {
    const { exchange } = started;
    if (!takePlace(exchange)) return;
    exchange.held = true;
    const retry = (): boolean => {
      const action = evaluate(exchange);
      if (action?.kind === 'hold') return false;
      follow(started, action);
      return true;
    };
    const giveUp = (): void => {
      const action = evaluate(exchange);
      if (action?.kind === 'hold') finish(exchange, action.inVain);
      else follow(started, action);
    };
    const end = deps.holds.hold({
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
  };
}

/** Reads other metadata, which may need a request to the node's IMDS. */
export function createReading({ guarded, takePlace, finish, abandon, ...deps }: ReadingDeps) {
  const { other, callers, connections } = deps;

  function finishRead(exchange: OpenExchange, answer: Answer): void {
    const { connection } = exchange;
    // The address may have changed hands in the meantime.
    const isStillTheirs = connections.claim(connection, callers.identify(connection.ip));
    if (isStillTheirs) finish(exchange, answer);
    else abandon(exchange);
  }

  return (exchange: OpenExchange, { path, rights }: { path: string; rights: PodRights }): void => {
    if (!takePlace(exchange)) return;
    exchange.request.gone = () => {
      abandon(exchange);
    };
    other.read(path, rights).then(
      (text) =>
        guarded(exchange, () => {
          finishRead(exchange, text === undefined ? notFound(path) : document(text));
        }),
      (error: unknown) =>
        guarded(exchange, () => {
          finishRead(exchange, readFault(error));
        }),
    );
  };
}

function notFound(path: string): Answer {
  return refusal('MetadataNotFound', { detail: `the node has no ${path}` });
}

function readFault(error: unknown): Answer {
  const detail = describeError(error);
  return error instanceof Refusal
    ? refusal(error.reason, { detail })
    : fault(503, 'NodeImdsAway', { detail });
}

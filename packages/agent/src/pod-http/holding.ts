import type { Places } from '@rolegate/runtime';
import { refusal } from './answer/answer.ts';
import type { Answer } from './answer/answer.ts';
import type { Completion } from './complete-exchange.ts';
import type { Exchange } from './exchange.ts';
import type { Guard } from './guard.ts';
import type { Holds } from './hold.ts';
import type { LimitHits } from './limit-hits.ts';

/** Hold until something changes; `inVain` is the answer if nothing does. */
export interface HoldAction {
  readonly kind: 'hold';
  readonly inVain: Answer;
}

/** Gives an exchange a place among the waiting ones. False: none was free, and the exchange was answered. */
export type TakePlace = (exchange: Exchange) => boolean;

export interface TakePlaceDeps extends Pick<Completion, 'finish'> {
  readonly waiting: Pick<Places<Exchange>, 'enter'>;
  readonly limitHit: LimitHits['hit'];
}

/** How a held exchange goes on. `Action`: one other than a hold; undefined: its connection was closed. */
export interface Held<Action extends { readonly kind: string }> {
  /** Milliseconds. */
  readonly budgetMs: number;
  readonly evaluate: () => Action | HoldAction | undefined;
  readonly follow: (action: Action | undefined) => void;
}

/** Holds an exchange until another action is due or the time is up. */
export type HoldExchange = <Action extends { readonly kind: string }>(
  exchange: Exchange,
  held: Held<Action>,
) => void;

export interface HoldingDeps extends Completion {
  readonly guarded: Guard;
  readonly takePlace: TakePlace;
  readonly holds: Pick<Holds, 'hold'>;
  /** A request is held because the owner of its address is unknown. */
  readonly onUnknownIp: (ip: string, requestId: string) => void;
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

export function createHolding({
  guarded,
  takePlace,
  holds,
  onUnknownIp,
  ...ends
}: HoldingDeps): HoldExchange {
  return <Action extends { readonly kind: string }>(
    exchange: Exchange,
    { budgetMs, evaluate, follow }: Held<Action>,
  ): void => {
    if (!takePlace(exchange)) return;
    exchange.held = true;
    const retry = (): boolean => {
      const action = evaluate();
      if (isHold(action)) return false;
      follow(action);
      return true;
    };
    const giveUp = (): void => {
      const action = evaluate();
      if (isHold(action)) ends.finish(exchange, action.inVain);
      else follow(action);
    };
    const end = holds.hold({
      budgetMs,
      retry: () => guarded(exchange, retry) ?? true,
      giveUp: () => {
        guarded(exchange, giveUp);
      },
    });
    exchange.request.gone = () => {
      end();
      ends.abandon(exchange);
    };
    if (exchange.caller?.kind === 'unknown') onUnknownIp(exchange.connection.ip, exchange.requestId);
  };
}

function isHold(action: { readonly kind: string } | undefined): action is HoldAction {
  return action?.kind === 'hold';
}

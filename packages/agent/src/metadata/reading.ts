import { Refusal } from '@rolegate/protocol';
import { describeError } from '@rolegate/runtime';
import type { Callers } from '../addresses/callers.ts';
import type { PodRights } from '../node-imds/metadata-rights.ts';
import type { OtherMetadata } from '../node-imds/other-metadata.ts';
import { document, fault, refusal } from '../pod-http/answer/answer.ts';
import type { Answer } from '../pod-http/answer/answer.ts';
import type { Completion } from '../pod-http/complete-exchange.ts';
import type { Connections } from '../pod-http/connections.ts';
import type { Exchange } from '../pod-http/exchange.ts';
import type { Guard } from '../pod-http/guard.ts';
import type { TakePlace } from '../pod-http/holding.ts';

export interface ReadingDeps extends Completion {
  readonly guarded: Guard;
  readonly takePlace: TakePlace;
  readonly other: Pick<OtherMetadata, 'read'>;
  readonly callers: Pick<Callers, 'identify'>;
  readonly connections: Pick<Connections, 'claim'>;
}

/** Reads other metadata, which may need a request to the node's IMDS. */
export function createReading({ guarded, takePlace, finish, abandon, ...deps }: ReadingDeps) {
  const { other, callers, connections } = deps;

  function finishRead(exchange: Exchange, answer: Answer): void {
    const { connection } = exchange;
    // The address may have changed hands in the meantime.
    const isStillTheirs = connections.claim(connection, callers.identify(connection.ip));
    if (isStillTheirs) finish(exchange, answer);
    else abandon(exchange);
  }

  return (exchange: Exchange, { path, rights }: { path: string; rights: PodRights }): void => {
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

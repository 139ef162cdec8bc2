import { BUG_HINT, describeError } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import { fault } from './answer/answer.ts';
import type { Completion } from './complete-exchange.ts';
import type { Exchange } from './exchange.ts';

/** Runs a step of an exchange. An exception costs this request, never the process. */
export type Guard = <Result>(exchange: Exchange, step: () => Result) => Result | undefined;

/** A bug costs one request, never the process. */
export function createGuard({ finish, log }: Pick<Completion, 'finish'> & { readonly log: Log }): Guard {
  return (exchange, step) => {
    try {
      return step();
    } catch (error) {
      log.error('request failed', {
        error: describeError(error),
        requestId: exchange.requestId,
        hint: BUG_HINT,
      });
      if (exchange.done) exchange.connection.socket.destroy();
      else finish(exchange, fault(503, 'InternalFault', { detail: describeError(error) }));
      return undefined;
    }
  };
}

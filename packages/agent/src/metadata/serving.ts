import { aborted } from '@rolegate/runtime';
import type { Clock, Log, ReadyCheck } from '@rolegate/runtime';
import { listenShared } from './listen-shared.ts';
import type { MetadataServer } from './server.ts';

export interface ServingDeps {
  readonly metadata: Pick<MetadataServer, 'listen' | 'close'>;
  readonly addresses: readonly string[];
  readonly port: number;
  /** True once the agent knows as much as one that has the port already. */
  readonly canAnswer: () => boolean;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly log: Log;
  /** Fields of the line that tells that the agent listens. */
  readonly about: object;
}

export interface Serving {
  /** Ready while Pods reach this agent, and it means to go on. */
  readonly check: ReadyCheck;
  /** Serves until the signal aborts, and returns when what was accepted has been answered. Rejects where it cannot listen. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** When Pods reach the agent: from as early as that is right to the last request that was accepted. */
export function createServing(deps: ServingDeps): Serving {
  const { metadata, addresses, port, canAnswer, clock, log, about } = deps;
  let state: true | string = `port ${port} is another agent's until the table is known`;

  return {
    check: { name: 'metadata', ready: () => state },
    async run(signal) {
      const { listen } = metadata;
      const joined = await Promise.all(
        addresses.map((address) => listenShared({ address, port, listen, canAnswer, clock, log }, signal)),
      );
      if (joined.every(Boolean)) {
        state = true;
        log.info('agent listening', { addresses, port, ...about });
      }
      await aborted(signal);
      state = 'the agent is stopping';
      log.info('agent stopping');
      await metadata.close();
    },
  };
}

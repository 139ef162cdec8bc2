import type { Backoff } from '@rolegate/runtime';
import type { ForeignListener } from '../ports/foreign-listeners.ts';
import type { createFollowedInterception } from './followed-interception.ts';
import type { FollowedResults } from './followed-results.ts';
import type { ReconcileMessage } from './messages.ts';
import type { Presence } from './presence.ts';

export interface IntakeDeps {
  readonly results: Pick<FollowedResults, 'take' | 'endSnapshot'>;
  readonly interception: Pick<ReturnType<typeof createFollowedInterception>, 'take'>;
  readonly presence: Pick<Presence, 'enterConnected' | 'isConnected'>;
  readonly backoff: Pick<Backoff, 'reset'>;
  /** The number of CNI result files that this reconcile could not read. */
  readonly badResults: (count: number) => void;
  /** The content of the results may have changed. */
  readonly changed: () => void;
}

export interface Intake {
  readonly take: (message: ReconcileMessage) => void;
  /** The connection has ended. */
  readonly end: () => void;
  readonly foreignListeners: () => readonly ForeignListener[] | undefined;
}

/** Dispatches the messages of a connection. */
export function createIntake(deps: IntakeDeps): Intake {
  const { results, interception, presence, backoff, badResults, changed } = deps;
  let version = '';
  let foreign: readonly ForeignListener[] | undefined;

  return {
    take(message) {
      switch (message.kind) {
        case 'hello':
          version = message.version;
          return;
        case 'alive':
          return;
        case 'interception':
          interception.take(message);
          return;
        case 'listeners':
          ({ foreign } = message);
          return;
        case 'bad-results':
          badResults(message.count);
          return;
        case 'synced':
          if (!results.endSnapshot()) return;
          backoff.reset();
          presence.enterConnected(version);
          return;
        case 'result':
        case 'unreadable':
        case 'removed':
        case 'freed':
        case 'returned':
        case 'directories':
          results.take(message);
          if (presence.isConnected()) changed();
      }
    },
    end() {
      foreign = undefined;
    },
    foreignListeners: () => foreign,
  };
}

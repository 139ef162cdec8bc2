import { createBackoff, createChanges } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { CniResults } from '../addresses/cni-results.ts';
import type { ForeignListener } from '../ports/foreign-listeners.ts';
import { connectToReconcile } from './connection.ts';
import type { ConnectionEnd, ReconcileConnection } from './connection.ts';
import { createFollowedInterception } from './followed-interception.ts';
import type { FollowedInterception } from './followed-interception.ts';
import { createFollowedResults } from './followed-results.ts';
import type { FollowedResults, FollowedResultsDeps } from './followed-results.ts';
import { createIntake } from './intake.ts';
import { createPresence } from './presence.ts';
import type { Presence } from './presence.ts';

/** Pauses between attempts to connect: a reconcile that is restarted is there within tenths of a second. */
const BACKOFF = { firstMs: 50, capMs: 500 };

export const RECONCILE = 'the reader of CNI results (rolegate-agent reconcile)';

export interface FollowReconcileDeps extends FollowedResultsDeps {
  /** Of the unix socket of reconcile. */
  readonly path: string;
  /** What reconcile is told, at each connection and then when it changes; without it nothing. */
  readonly naming?: {
    /** One line, without its end. Undefined: nothing yet. */
    readonly line: () => string | undefined;
    /** The returned function ends the listening. */
    readonly onChange: (listener: () => void) => () => void;
  };
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export interface FollowedReconcile extends CniResults {
  /** Connected, and told of everything. */
  readonly connected: boolean;
  readonly interception: FollowedInterception;
  /** Who else listens on the agent's ports. Undefined: not known now. */
  readonly foreignListeners: () => readonly ForeignListener[] | undefined;
}

/** The CNI results as reconcile tells of them, in the place of directories that this process cannot read. */
export function followReconcile(deps: FollowReconcileDeps): FollowedReconcile {
  const { path, naming, clock, log, random, ...before } = deps;
  const changes = createChanges({ log, of: 'connection to reconcile' });
  const backoff = createBackoff({ ...BACKOFF, random });
  const results = createFollowedResults(before);
  const interception = createFollowedInterception({ log });
  const presence = createPresence({ path, away: interception.forget, changed: changes.notify, clock, log });
  const intake = createIntake({ results, interception, presence, backoff, changed: changes.notify });

  /** One connection, to its end. */
  async function connectOnce(signal: AbortSignal): Promise<ConnectionEnd> {
    results.beginSnapshot();
    const connection = connectToReconcile({ path, clock, take: intake.take, quiet: presence.quiet });
    signal.addEventListener('abort', connection.close, { once: true });
    const stopNaming = keepNaming(naming, connection);
    const end = await connection.over;
    signal.removeEventListener('abort', connection.close);
    stopNaming();
    intake.end();
    return end;
  }

  return {
    ...resultsWhileThere(results, presence, path),
    async run(signal) {
      const stopped = () => signal.aborted;
      presence.beginWait();
      while (!stopped()) {
        const end = await connectOnce(signal);
        if (stopped()) break;
        presence.lost(end);
        await clock.sleep(backoff.next(), signal);
      }
      presence.stop();
    },
    ready: presence.ready,
    interception,
    foreignListeners: intake.foreignListeners,
    get connected() {
      return presence.isConnected();
    },
    get scanned() {
      return presence.phase() !== 'awaited';
    },
    get awaited() {
      return presence.isAwaited() ? RECONCILE : undefined;
    },
    onChange: changes.on,
  };
}

/** Tells reconcile what it is to know, now and when it changes. The returned function ends it. */
function keepNaming(
  naming: FollowReconcileDeps['naming'],
  { say }: Pick<ReconcileConnection, 'say'>,
): () => void {
  const name = () => {
    const line = naming?.line();
    if (line !== undefined) say(line);
  };
  name();
  return naming?.onChange(name) ?? (() => undefined);
}

/** While reconcile is not there nothing is said of addresses but what can only be said of Pods that have lost them. */
function resultsWhileThere({ owners, states }: FollowedResults, { phase }: Presence, path: string) {
  const isThere = () => phase() === 'there';
  return {
    owner: (ip: string) => (isThere() ? owners.owner(ip) : undefined),
    unreadableAt: (ip: string) => (isThere() ? owners.unreadableAt(ip) : undefined),
    says: owners.says,
    ips: () => (isThere() ? owners.ips() : []),
    usable: () => phase() !== 'away' && Object.values(states()).includes('ok'),
    uids: () => (isThere() ? owners.uids() : []),
    names: owners.names,
    kept: owners.kept,
    states: (): ReturnType<CniResults['states']> => (isThere() ? states() : { [path]: 'missing' }),
  };
}

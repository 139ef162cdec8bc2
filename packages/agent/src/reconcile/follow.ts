import { createBackoff, createChanges, createGrowth } from '@rolegate/runtime';
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

/** Pauses between connection attempts: a restarted reconcile listens again within tenths of a second. */
const BACKOFF = { firstMs: 50, capMs: 500 };

export const RECONCILE = 'rolegate-agent reconcile, which reads the CNI results';

export interface FollowReconcileDeps extends FollowedResultsDeps {
  /** The unix socket of reconcile. */
  readonly path: string;
  /** The agent's ports, sent to reconcile with each connection and on changes; undefined: nothing is sent. */
  readonly naming?: {
    /** One line, without its newline. Undefined: nothing yet. */
    readonly line: () => string | undefined;
    /** The returned function removes the listener. */
    readonly onChange: (listener: () => void) => () => void;
  };
  /** Called with the number of CNI result files that reconcile could not read since the last call. */
  readonly badResults?: (times: number) => void;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export interface FollowedReconcile extends CniResults {
  /** True if connected and the snapshot is complete. */
  readonly connected: boolean;
  readonly interception: FollowedInterception;
  /** Foreign listeners on the agent's ports. Undefined: unknown. */
  readonly foreignListeners: () => readonly ForeignListener[] | undefined;
}

/** Receives CNI results from reconcile instead of reading directories, which this process cannot read. */
export function followReconcile(deps: FollowReconcileDeps): FollowedReconcile {
  const { path, naming, badResults = () => undefined, clock, log, random, ...before } = deps;
  const changes = createChanges({ log, of: 'connection to reconcile' });
  const backoff = createBackoff({ ...BACKOFF, random });
  const results = createFollowedResults(before);
  const interception = createFollowedInterception({ log });
  const presence = createPresence({
    path,
    unavailable: interception.forget,
    changed: changes.notify,
    clock,
    log,
  });
  // The count of reconcile restarts with its process.
  const grown = createGrowth();
  const intake = createIntake({
    results,
    interception,
    presence,
    backoff,
    badResults: (count) => {
      badResults(grown(count));
    },
    changed: changes.notify,
  });

  /** Runs one connection until it ends. */
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
    ...resultsWhileConnected(results, presence, path),
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

/** Sends the agent's ports to reconcile, now and when they change. The returned function stops that. */
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

/** While reconcile is unavailable, results only say which Pods have lost their addresses. */
function resultsWhileConnected({ owners, states }: FollowedResults, { phase }: Presence, path: string) {
  const isConnected = () => phase() === 'connected';
  return {
    owner: (ip: string) => (isConnected() ? owners.owner(ip) : undefined),
    unreadableAt: (ip: string) => (isConnected() ? owners.unreadableAt(ip) : undefined),
    says: owners.says,
    ips: () => (isConnected() ? owners.ips() : []),
    usable: () => phase() !== 'unavailable' && Object.values(states()).includes('ok'),
    uids: () => (isConnected() ? owners.uids() : []),
    names: owners.names,
    kept: owners.kept,
    states: (): ReturnType<CniResults['states']> => (isConnected() ? states() : { [path]: 'missing' }),
  };
}

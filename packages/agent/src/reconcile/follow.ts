import { createBackoff, createChanges } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { CniResults } from '../addresses/cni-results.ts';
import { createFollowedInterception } from './followed-interception.ts';
import type { FollowedInterception } from './followed-interception.ts';
import type { ForeignListener } from '../ports/foreign-listeners.ts';
import { createFollowedResults } from './followed-results.ts';
import type { FollowedResultsDeps } from './followed-results.ts';
import type { ReconcileMessage } from './messages.ts';
import { connectToReconcile, SILENT_MS } from './connection.ts';
import type { ReconcileConnection, ConnectionEnd } from './connection.ts';

/** After this time away reconcile counts as a missing directory. Milliseconds. */
const AWAY_AFTER_MS = SILENT_MS;
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

/**
 * Where reconcile stands: `there`; `awaited`, lost for less than two seconds, in which nobody can say whether an address was
 * handed on; `away`, which the fallback has to make up for.
 */
type Phase = 'awaited' | 'there' | 'away';

/** The CNI results as reconcile tells of them, in the place of directories that this process cannot read. */
export function followReconcile(deps: FollowReconcileDeps): FollowedReconcile {
  const { path, naming, clock, log, random, ...before } = deps;
  const changes = createChanges({ log, of: 'connection to reconcile' });
  const ready = Promise.withResolvers<undefined>();
  const backoff = createBackoff({ ...BACKOFF, random });
  const results = createFollowedResults(before);
  const { owners } = results;
  const { take: takeState, forget: forgetState, ...interception } = createFollowedInterception({ log });
  let phase: Phase = 'awaited';
  let connected = false;
  let quiet = false;
  let version = '';
  let fault = 'it is not there yet';
  let foreign: readonly ForeignListener[] | undefined;
  let cancelAway: () => void = () => undefined;

  function take(message: ReconcileMessage): void {
    switch (message.kind) {
      case 'hello':
        version = message.version;
        return;
      case 'alive':
        return;
      case 'interception':
        takeState(message);
        return;
      case 'listeners':
        ({ foreign } = message);
        return;
      case 'synced':
        if (results.endSnapshot()) enterThere();
        return;
      case 'result':
      case 'unreadable':
      case 'removed':
      case 'freed':
      case 'returned':
      case 'directories':
        results.take(message);
        if (connected) changes.notify();
    }
  }

  function enterThere(): void {
    cancelAway();
    log.info('reader connected', { socket: path, version });
    connected = true;
    phase = 'there';
    backoff.reset();
    ready.resolve(undefined);
    changes.notify();
  }

  function enterAway(): void {
    cancelAway();
    log.warn('reader away', { socket: path, error: fault });
    phase = 'away';
    forgetState();
    ready.resolve(undefined);
    changes.notify();
  }

  function awaitReconcile(): void {
    phase = 'awaited';
    cancelAway = clock.schedule(AWAY_AFTER_MS, enterAway);
  }

  function lost({ kind, error }: ConnectionEnd): void {
    // One that is not there yet is tried again and again: that is told once, when it counts as away.
    const level = connected || (kind !== 'closed' && error !== fault) ? 'warn' : 'debug';
    log[level]('reader lost', { socket: path, error });
    fault = error;
    quiet = false;
    if (connected) awaitReconcile();
    if (connected && kind === 'silent') enterAway();
    connected = false;
    if (phase === 'away') forgetState();
    changes.notify();
  }

  /** The returned function ends it. */
  function keepNaming({ say }: Pick<ReconcileConnection, 'say'>): () => void {
    const name = () => {
      const line = naming?.line();
      if (line !== undefined) say(line);
    };
    name();
    return naming?.onChange(name) ?? (() => undefined);
  }

  async function run(signal: AbortSignal): Promise<void> {
    const stopped = () => signal.aborted;
    awaitReconcile();
    while (!stopped()) {
      results.beginSnapshot();
      const connection = connectToReconcile({
        path,
        clock,
        take,
        quiet(isQuiet) {
          quiet = isQuiet;
          if (connected) changes.notify();
        },
      });
      signal.addEventListener('abort', connection.close, { once: true });
      const stopNaming = keepNaming(connection);
      const end = await connection.over;
      signal.removeEventListener('abort', connection.close);
      stopNaming();
      foreign = undefined;
      if (stopped()) break;
      lost(end);
      await clock.sleep(backoff.next(), signal);
    }
    cancelAway();
  }

  return {
    run,
    ready: ready.promise,
    interception,
    foreignListeners: () => foreign,
    get connected() {
      return connected;
    },
    get scanned() {
      return phase !== 'awaited';
    },
    get awaited() {
      return phase === 'awaited' || (phase === 'there' && quiet) ? RECONCILE : undefined;
    },
    owner: (ip) => (phase === 'there' ? owners.owner(ip) : undefined),
    unreadableAt: (ip) => (phase === 'there' ? owners.unreadableAt(ip) : undefined),
    says: owners.says,
    ips: () => (phase === 'there' ? owners.ips() : []),
    usable: () => phase !== 'away' && Object.values(results.states()).includes('ok'),
    uids: () => (phase === 'there' ? owners.uids() : []),
    names: owners.names,
    kept: owners.kept,
    states: () => (phase === 'there' ? results.states() : { [path]: 'missing' }),
    onChange: changes.on,
  };
}

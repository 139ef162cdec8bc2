import type { Clock, Log } from '@rolegate/runtime';
import type { ConnectionEnd } from './connection.ts';
import { SILENT_MS } from './idle-timeout.ts';

/** After this time away reconcile counts as a missing directory. Milliseconds. */
const AWAY_AFTER_MS = SILENT_MS;

const HINT = "Check that reconcile runs in this agent's Pod, and see its log.";

/**
 * Where reconcile stands: `there`; `awaited`, lost for less than two seconds, in which nobody can say whether an address was
 * handed on; `away`, which the fallback has to make up for.
 */
export type Phase = 'awaited' | 'there' | 'away';

export interface Presence {
  readonly phase: () => Phase;
  /** Connected, and told of everything. */
  readonly isConnected: () => boolean;
  /** Nobody can say at present who owns an address. */
  readonly isAwaited: () => boolean;
  /** Resolves when it has been there or away for the first time. */
  readonly ready: Promise<void>;
  /** It is to come within two seconds. */
  readonly beginWait: () => void;
  /** A connection has told everything. */
  readonly enterThere: (version: string) => void;
  /** It is silent, and then again not. */
  readonly quiet: (isQuiet: boolean) => void;
  readonly lost: (end: ConnectionEnd) => void;
  readonly stop: () => void;
}

export interface PresenceDeps {
  readonly path: string;
  /** What reconcile said counts no more. */
  readonly away: () => void;
  readonly changed: () => void;
  readonly clock: Pick<Clock, 'schedule'>;
  readonly log: Log;
}

/** Whether reconcile is there, by its connections. */
export function createPresence({ path, away, changed, clock, log }: PresenceDeps): Presence {
  const ready = Promise.withResolvers<undefined>();
  let phase: Phase = 'awaited';
  let connected = false;
  let quiet = false;
  let fault = 'it is not there yet';
  let cancelAway: () => void = () => undefined;

  function enter(next: 'there' | 'away'): void {
    cancelAway();
    phase = next;
    if (next === 'away') away();
    ready.resolve(undefined);
    changed();
  }

  function enterAway(): void {
    log.warn('reconcile unavailable', { socket: path, error: fault, hint: HINT });
    enter('away');
  }

  function beginWait(): void {
    phase = 'awaited';
    cancelAway = clock.schedule(AWAY_AFTER_MS, enterAway);
  }

  return {
    phase: () => phase,
    isConnected: () => connected,
    isAwaited: () => phase === 'awaited' || (phase === 'there' && quiet),
    ready: ready.promise,
    beginWait,
    enterThere(version) {
      log.info('connected to reconcile', { socket: path, version });
      connected = true;
      enter('there');
    },
    quiet(isQuiet) {
      quiet = isQuiet;
      if (connected) changed();
    },
    lost({ kind, error }) {
      // One that is not there yet is tried again and again: that is told once, when it counts as away.
      const level = connected || (kind !== 'closed' && error !== fault) ? 'warn' : 'debug';
      log[level]('connection to reconcile lost', { socket: path, error, hint: HINT });
      fault = error;
      quiet = false;
      if (connected) beginWait();
      if (connected && kind === 'silent') enterAway();
      connected = false;
      if (phase === 'away') away();
      changed();
    },
    stop: () => {
      cancelAway();
    },
  };
}

import type { Clock, Log } from '@rolegate/runtime';
import type { ConnectionEnd } from './connection.ts';
import { SILENT_MS } from './idle-timeout.ts';

/** After this time without a connection reconcile is treated like a missing directory. Milliseconds. */
const UNAVAILABLE_AFTER_MS = SILENT_MS;

const HINT =
  'Rules stay in force, but might not be repaired. Check that reconcile is running, and its log: kubectl logs POD -c reconcile.';

/**
 * The state of reconcile: `connected`; `awaited`, lost for less than two seconds, during which ownership of addresses is
 * unknown; `unavailable`, lost for longer, so the fallback applies.
 */
export type Phase = 'awaited' | 'connected' | 'unavailable';

export interface Presence {
  readonly phase: () => Phase;
  /** True if connected and the snapshot is complete. */
  readonly isConnected: () => boolean;
  /** True while it is unknown who owns an address. */
  readonly isAwaited: () => boolean;
  /** Resolves when reconcile has been connected or unavailable for the first time. */
  readonly ready: Promise<void>;
  /** Starts the two seconds in which it is expected to connect. */
  readonly beginWait: () => void;
  /** A connection has completed its snapshot. */
  readonly enterConnected: (version: string) => void;
  /** The connection has become silent, or active again. */
  readonly quiet: (isQuiet: boolean) => void;
  readonly lost: (end: ConnectionEnd) => void;
  readonly stop: () => void;
}

export interface PresenceDeps {
  readonly path: string;
  /** Reports of reconcile no longer count. */
  readonly unavailable: () => void;
  readonly changed: () => void;
  readonly clock: Pick<Clock, 'schedule'>;
  readonly log: Log;
}

/** Tracks whether reconcile is available, by its connections. */
export function createPresence({ path, unavailable, changed, clock, log }: PresenceDeps): Presence {
  const ready = Promise.withResolvers<undefined>();
  let phase: Phase = 'awaited';
  let connected = false;
  let quiet = false;
  let fault = 'not connected yet';
  let cancelUnavailable: () => void = () => undefined;

  function enter(next: 'connected' | 'unavailable'): void {
    cancelUnavailable();
    phase = next;
    if (next === 'unavailable') unavailable();
    ready.resolve(undefined);
    changed();
  }

  function enterUnavailable(): void {
    log.warn('reconcile container unreachable', { socket: path, error: fault, hint: HINT });
    enter('unavailable');
  }

  function beginWait(): void {
    phase = 'awaited';
    cancelUnavailable = clock.schedule(UNAVAILABLE_AFTER_MS, enterUnavailable);
  }

  return {
    phase: () => phase,
    isConnected: () => connected,
    isAwaited: () => phase === 'awaited' || (phase === 'connected' && quiet),
    ready: ready.promise,
    beginWait,
    enterConnected(version) {
      log.info('connected to reconcile', { socket: path, version });
      connected = true;
      enter('connected');
    },
    quiet(isQuiet) {
      quiet = isQuiet;
      if (connected) changed();
    },
    lost({ kind, error }) {
      // Before the first connection, retries are logged only once, when reconcile counts as unavailable.
      const level = connected || (kind !== 'closed' && error !== fault) ? 'warn' : 'debug';
      log[level]('connection to reconcile lost', { socket: path, error, hint: HINT });
      fault = error;
      quiet = false;
      if (connected) beginWait();
      if (connected && kind === 'silent') enterUnavailable();
      connected = false;
      if (phase === 'unavailable') unavailable();
      changed();
    },
    stop: () => {
      cancelUnavailable();
    },
  };
}

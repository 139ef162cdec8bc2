import { createChanges } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import type { Interception } from './interception.ts';
import { createChecks } from './checks.ts';
import type { ChecksDeps } from './checks.ts';
import type { InterceptionState } from './state.ts';

/** The longest duration of a fault that caused no event (DESIGN.md 4.4). Milliseconds. */
const EVERY_MS = 30_000;
/** How often iptables' rules are read if they are in the legacy backend, which sends no events. Milliseconds. */
const LEGACY_EVERY_MS = 10_000;
/** Changes come in bursts: waits for the rest of one. Milliseconds. */
const BURST_MS = 50;
/** The minimum pause between two checks, because each starts a few processes. Milliseconds. */
const LEAST_PAUSE_MS = 500;
/**
 * After this many checks in a row with repairs the pause doubles each time, up to `EVERY_MS`. If another program, such as
 * `reconcile` of 0.1 during an upgrade, undoes each repair, the two would otherwise keep the node busy.
 */
const MOST_IN_A_ROW = 3;

/**
 * For how long after its start `reconcile` removes the endpoint for container credentials that its configuration does not have:
 * longer than the agent that it replaces keeps putting it back. Later it belongs to the agent that is about to replace this one.
 * Milliseconds.
 */
const REMOVE_ENDPOINT_FOR_MS = 300_000;

export interface KeeperDeps extends Omit<ChecksDeps, 'limitEveryMs' | 'removeEndpointForMs'> {
  readonly interception: Pick<Interception, 'settle' | 'areTablesInOrder'>;
  readonly clock: Clock;
}

export interface Keeper {
  readonly current: () => InterceptionState;
  /** The returned function removes the listener. */
  readonly onChange: (listener: () => void) => () => void;
  /** Something may have changed: a check follows soon. */
  readonly changed: () => void;
  /**
   * Checks at the start, on changes and every 30 s until the signal aborts, and every 10 s for tables without events. Never
   * rejects: what cannot be installed is retried.
   */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** Keeps the rules as planned. */
export function createKeeper(deps: KeeperDeps): Keeper {
  const { interception, clock, log } = deps;
  const changes = createChanges({ log, of: 'interception' });
  const { look, state, repairedInARow } = createChecks({
    ...deps,
    limitEveryMs: EVERY_MS,
    removeEndpointForMs: REMOVE_ENDPOINT_FOR_MS,
  });
  let wake = new AbortController();

  /** Resolves at the given time, or earlier if something changed or the signal aborts. */
  async function isChangedBefore(untilMs: number, signal: AbortSignal): Promise<boolean> {
    const { backend } = state();
    for (;;) {
      const restMs = untilMs - clock.monotonic();
      if (restMs <= 0) return false;
      await clock.sleep(backend === 'legacy' ? Math.min(LEGACY_EVERY_MS, restMs) : restMs, signal);
      if (signal.aborted) return true;
      if (backend === 'legacy' && !(await areInOrder(backend))) return true;
    }
  }

  /** Errors are left to the next check. */
  function areInOrder(backend: 'legacy'): Promise<boolean> {
    return interception.areTablesInOrder(backend).catch(() => false);
  }

  return {
    current: state,
    onChange: changes.on,
    changed: () => {
      wake.abort();
    },
    async run(signal) {
      for (let changed = true; !signal.aborted;) {
        wake = new AbortController();
        await look(changed);
        changes.notify();
        const checkedMs = clock.monotonic();
        changed = await isChangedBefore(checkedMs + EVERY_MS, AbortSignal.any([signal, wake.signal]));
        const restMs = leastPauseMs(repairedInARow()) - (clock.monotonic() - checkedMs);
        await clock.sleep(Math.max(BURST_MS, restMs), signal);
      }
    },
  };
}

function leastPauseMs(repairedInARow: number): number {
  return Math.min(EVERY_MS, LEAST_PAUSE_MS * 2 ** Math.max(0, repairedInARow - MOST_IN_A_ROW));
}

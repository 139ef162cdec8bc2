import { createChanges } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import type { Interception } from './interception.ts';
import { createLooks } from './look.ts';
import type { LooksDeps } from './look.ts';
import type { InterceptionState } from './state.ts';

/** The longest that a fault which no event told of can last (DESIGN.md 4.4). Milliseconds. */
const EVERY_MS = 30_000;
/** How often iptables' rules alone are read if they are in the legacy back end, which tells of nothing. Milliseconds. */
const LEGACY_EVERY_MS = 10_000;
/** Changes come in bursts: the rest of one is waited for. Milliseconds. */
const BURST_MS = 50;
/** The least pause between two looks, whatever happens: each costs a few processes. Milliseconds. */
const LEAST_PAUSE_MS = 500;
/**
 * Looks in a row that may find something to repair before the pause doubles each time, up to that of `EVERY_MS`: who repairs what
 * another program undoes at once, such as `reconcile` of 0.1 beside this one in an upgrade, has two busy processes and no more.
 */
const MOST_IN_A_ROW = 3;

export interface KeeperDeps extends Omit<LooksDeps, 'limitEveryMs'> {
  readonly interception: Pick<Interception, 'settle' | 'areTablesInOrder'>;
  readonly clock: Clock;
}

export interface Keeper {
  readonly current: () => InterceptionState;
  /** The returned function ends the listening. */
  readonly onChange: (listener: () => void) => () => void;
  /** Something may have changed: it is looked at soon. */
  readonly changed: () => void;
  /**
   * Looks at once, on changes, and every 30 s, until the signal aborts. Between these, tables of which no change is told are read every
   * 10 s. Never rejects: what cannot be installed is tried again.
   */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** Keeps the rules as they are planned. */
export function createKeeper(deps: KeeperDeps): Keeper {
  const { interception, clock, log } = deps;
  const changes = createChanges({ log, of: 'interception' });
  const { look, state, repairedInARow } = createLooks({ ...deps, limitEveryMs: EVERY_MS });
  let wake = new AbortController();

  /** Resolves at the time, or before it if something changed or the signal aborts. */
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

  /** What cannot be read the next look tells. */
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
        const lookedMs = clock.monotonic();
        changed = await isChangedBefore(lookedMs + EVERY_MS, AbortSignal.any([signal, wake.signal]));
        const restMs = leastPauseMs(repairedInARow()) - (clock.monotonic() - lookedMs);
        await clock.sleep(Math.max(BURST_MS, restMs), signal);
      }
    },
  };
}

function leastPauseMs(repairedInARow: number): number {
  return Math.min(EVERY_MS, LEAST_PAUSE_MS * 2 ** Math.max(0, repairedInARow - MOST_IN_A_ROW));
}

import { createChanges, describeError } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { RunCommand } from './commands.ts';
import { listDevices } from './devices.ts';
import { unmatchedInterfaces } from './host-interfaces.ts';
import type { HostInterface } from './host-interfaces.ts';
import type { Interception, Settled } from './interception.ts';
import { askKernel } from './kernel-answer.ts';
import type { Packets } from './packets.ts';
import { allLost, nextState, unknownState } from './state.ts';
import type { InterceptionState } from './state.ts';
import { createTold } from './interception-log.ts';

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
/** Pods for whom the kernel is asked, if something changed, and if nothing did. */
const MOST_ASKED = { changed: 3, unchanged: 1 };

export interface KeeperDeps {
  readonly interception: Pick<Interception, 'settle' | 'areTablesInOrder'>;
  readonly run: RunCommand;
  readonly hostInterfaces: readonly HostInterface[];
  readonly excludedInterfaces: readonly string[];
  /** Addresses that Pods of this node hold now. */
  readonly podIps: () => readonly string[];
  readonly clock: Clock;
  readonly log: Log;
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
  const told = createTold({ log });
  let state = unknownState;
  let counted: Packets | undefined;
  let wake = new AbortController();
  let failure = '';
  let limitTriedMs = -Infinity;
  let isRouted = false;
  let repairedInARow = 0;

  async function look(changed: boolean): Promise<void> {
    try {
      const settled = await interception.settle({ retryLimit: isTimeForLimit() });
      repairedInARow = settled.mended.length > 0 ? repairedInARow + 1 : 0;
      await see(settled, changed || repairedInARow > 0);
      failure = '';
    } catch (error) {
      const message = describeError(error);
      if (message !== failure) log.error('interception not looked at', { error: message });
      failure = message;
      state = { ...state, layers: allLost };
    }
    changes.notify();
  }

  /** Events come far more often, and each try fails in a process of its own. */
  function isTimeForLimit(): boolean {
    const nowMs = clock.monotonic();
    if (nowMs - limitTriedMs < EVERY_MS) return false;
    limitTriedMs = nowMs;
    return true;
  }

  async function see(settled: Settled, changed: boolean): Promise<void> {
    const unmatched = await unmatchedNow();
    const route = await routeOfPods(changed || isRouted ? MOST_ASKED.changed : MOST_ASKED.unchanged);
    isRouted = route !== undefined;
    const before = state;
    state = nextState(state, {
      settled,
      countedBefore: counted,
      unmatchedInterfaces: unmatched.length,
      kernelAgrees: route === undefined,
    });
    counted = settled.packets;
    told.settled(settled);
    told.unmatched(unmatched);
    told.kernelRoutes(route);
    told.notLed(state.packets.route - before.packets.route);
    told.refused(state.refusedConnections - before.refusedConnections);
  }

  async function unmatchedNow(): Promise<readonly HostInterface[]> {
    if (deps.hostInterfaces.length === 0) return [];
    const devices = await listDevices(deps.run);
    return unmatchedInterfaces(
      deps.hostInterfaces,
      devices.map(({ name }) => name),
    );
  }

  async function routeOfPods(most: number): Promise<string | undefined> {
    for (const ip of deps.podIps().slice(0, most)) {
      const answer = await askKernel(deps.run, ip, deps.excludedInterfaces);
      if (answer.kind === 'routed') return answer.route;
    }
    return undefined;
  }

  function leastPauseMs(): number {
    return Math.min(EVERY_MS, LEAST_PAUSE_MS * 2 ** Math.max(0, repairedInARow - MOST_IN_A_ROW));
  }

  /** Resolves at the time, or before it if something changed or the signal aborts. */
  async function isChangedBefore(untilMs: number, signal: AbortSignal): Promise<boolean> {
    const { backend } = state;
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
    current: () => state,
    onChange: changes.on,
    changed: () => {
      wake.abort();
    },
    async run(signal) {
      for (let changed = true; !signal.aborted;) {
        wake = new AbortController();
        await look(changed);
        const lookedMs = clock.monotonic();
        changed = await isChangedBefore(lookedMs + EVERY_MS, AbortSignal.any([signal, wake.signal]));
        await clock.sleep(Math.max(BURST_MS, leastPauseMs() - (clock.monotonic() - lookedMs)), signal);
      }
    },
  };
}

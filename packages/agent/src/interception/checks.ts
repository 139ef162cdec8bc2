import { describeError } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { RunCommand } from './commands.ts';
import { listDevices } from './devices.ts';
import { unmatchedInterfaces } from './rules/host-interfaces.ts';
import type { HostInterface } from './rules/host-interfaces.ts';
import type { Interception, SettleResult } from './interception.ts';
import { createInterceptionLog } from './interception-log.ts';
import { askKernel } from './routes.ts';
import type { Packets } from './rules/packets.ts';
import { allLost, nextState, unknownState } from './state.ts';
import type { InterceptionState } from './state.ts';

/** How many Pods' routes are asked of the kernel, after changes and without. */
const MOST_ASKED = { changed: 3, unchanged: 1 };

const HINT =
  'The state of the interception is unknown. Fix what `error` names; see the alert RolegateInterceptionLayerLost in the runbook. Check that reconcile has CAP_NET_ADMIN and that iptables works on the node.';

export interface ChecksDeps {
  readonly interception: Pick<Interception, 'settle'>;
  readonly run: RunCommand;
  readonly hostInterfaces: readonly HostInterface[];
  readonly excludedInterfaces: readonly string[];
  /** Addresses that Pods of this node own now. */
  readonly podIps: () => readonly string[];
  /** The minimum time between two attempts to install a connection limit that failed. Milliseconds. */
  readonly limitEveryMs: number;
  /** For how long an endpoint for container credentials that is not enabled is removed. Milliseconds. */
  readonly removeEndpointForMs: number;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Log;
}

export interface Checks {
  /** Repairs the rules and updates the state. `changed`: something may have changed since. Never rejects. */
  readonly look: (changed: boolean) => Promise<void>;
  readonly state: () => InterceptionState;
  /** The number of consecutive checks, including the last one, that found something to repair. */
  readonly repairedInARow: () => number;
}

/** Checks the interception, one check at a time, and logs what changed. */
export function createChecks(deps: ChecksDeps): Checks {
  const { interception, log } = deps;
  const isTimeForLimit = createInterval(deps.limitEveryMs, deps.clock);
  const ignoreEndpointFromMs = deps.clock.monotonic() + deps.removeEndpointForMs;
  const tell = createInterceptionLog({ log });
  let state = unknownState;
  let counted: Packets | undefined;
  let failure = '';
  let isRouted = false;
  let repairedInARow = 0;

  async function look(changed: boolean): Promise<void> {
    try {
      // Events are far more frequent, and each attempt starts a process.
      const settled = await interception.settle({
        retryLimit: isTimeForLimit(),
        ignoreEndpoint: deps.clock.monotonic() >= ignoreEndpointFromMs,
      });
      repairedInARow = settled.repaired.length > 0 ? repairedInARow + 1 : 0;
      await see(settled, changed || repairedInARow > 0);
      failure = '';
    } catch (error) {
      const message = describeError(error);
      if (message !== failure) log.error('interception check failed', { error: message, hint: HINT });
      failure = message;
      state = { ...state, layers: allLost };
    }
  }

  async function see(settled: SettleResult, changed: boolean): Promise<void> {
    const unmatched = await unmatchedNow(deps);
    const route = await routeOfPods(deps, changed || isRouted ? MOST_ASKED.changed : MOST_ASKED.unchanged);
    isRouted = route !== undefined;
    const before = state;
    state = nextState(state, {
      settled,
      countedBefore: counted,
      unmatchedInterfaces: unmatched.length,
      kernelAgrees: route === undefined,
    });
    counted = settled.packets;
    tell.settled(settled);
    tell.unmatched(unmatched);
    tell.kernelRoutes(route);
    tell.notRedirected(state.packets.route - before.packets.route);
    tell.refused(state.refusedConnections - before.refusedConnections);
  }

  return { look, state: () => state, repairedInARow: () => repairedInARow };
}

/** True at most once per interval. */
function createInterval(everyMs: number, clock: Pick<Clock, 'monotonic'>): () => boolean {
  let lastMs = -Infinity;
  return () => {
    const nowMs = clock.monotonic();
    if (nowMs - lastMs < everyMs) return false;
    lastMs = nowMs;
    return true;
  };
}

async function unmatchedNow({
  hostInterfaces,
  run,
}: Pick<ChecksDeps, 'hostInterfaces' | 'run'>): Promise<readonly HostInterface[]> {
  if (hostInterfaces.length === 0) return [];
  const devices = await listDevices(run);
  return unmatchedInterfaces(
    hostInterfaces,
    devices.map(({ name }) => name),
  );
}

/** Where the kernel would send packets of one of the first `most` Pods; undefined: nowhere. */
async function routeOfPods(
  { podIps, run, excludedInterfaces }: Pick<ChecksDeps, 'podIps' | 'run' | 'excludedInterfaces'>,
  most: number,
): Promise<string | undefined> {
  for (const ip of podIps().slice(0, most)) {
    const answer = await askKernel(run, ip, excludedInterfaces);
    if (answer.kind === 'routed') return answer.route;
  }
  return undefined;
}

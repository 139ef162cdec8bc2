import { createBackoff, describeError } from '@rolegate/runtime';
import type { Backoff, Clock, Log, Service } from '@rolegate/runtime';
import type { ConnectedAgent, ConnectedAgents } from '../feed/connected-agents.ts';
import type { NodeTaints } from '../kubernetes/node-taints.ts';

/** How often agents are checked for readiness. Milliseconds. */
const LOOK_EVERY_MS = 500;
/** The pause after a node's first failure grows with each further one. Milliseconds. */
const RETRY = { firstMs: 1_000, capMs: 60_000 };

export interface StartupTaintsDeps {
  readonly agents: Pick<ConnectedAgents, 'all'>;
  readonly taints: NodeTaints;
  readonly keys: readonly string[];
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
}

/** A node's progress since its agent connected. */
interface Progress {
  readonly sinceMs: number;
  readonly done: boolean;
  readonly notBeforeMs: number;
  readonly backoff: Backoff;
}

/**
 * Removes the startup taints from each Node whose agent is connected, synced, and reports every layer of the interception as
 * installed. Polls one node after the other, so that the feed never waits for it.
 */
export function createStartupTaints(deps: StartupTaintsDeps): Service {
  const { agents, taints, keys, clock, random, log } = deps;
  const progress = new Map<string, Progress>();
  let failing = false;

  function progressOf({ node, sinceMs }: ConnectedAgent): Progress {
    const known = progress.get(node);
    if (known?.sinceMs === sinceMs) return known;
    return { sinceMs, done: false, notBeforeMs: 0, backoff: createBackoff({ ...RETRY, random }) };
  }

  async function removeTaints(agent: ConnectedAgent, signal: AbortSignal): Promise<void> {
    const { node } = agent;
    const state = progressOf(agent);
    try {
      for (const key of await taints.remove(node, keys, signal))
        log.info('startup taint removed', { node, taint: key });
      progress.set(node, { ...state, done: true });
      failing = false;
    } catch (error) {
      if (signal.aborted) return;
      progress.set(node, { ...state, notBeforeMs: clock.monotonic() + state.backoff.next() });
      // All nodes usually fail for the same reason, such as a missing permission: one warning is enough.
      log[failing ? 'debug' : 'warn']('cannot remove startup taint', {
        node,
        error: describeError(error),
        hint: 'Pods that do not tolerate the taint do not start on new nodes while this fails. Check that the ClusterRole of the server allows get and patch on nodes, or remove the taint: kubectl taint node NODE KEY-.',
      });
      failing = true;
    }
  }

  async function look(signal: AbortSignal): Promise<void> {
    const connected = agents.all();
    const present = new Set(connected.map(({ node }) => node));
    for (const node of progress.keys()) if (!present.has(node)) progress.delete(node);
    for (const agent of connected) {
      const { done, notBeforeMs } = progressOf(agent);
      if (done || notBeforeMs > clock.monotonic() || !isReady(agent)) continue;
      await removeTaints(agent, signal);
      if (signal.aborted) return;
    }
  }

  return {
    name: 'startup taints',
    async run(signal) {
      while (!signal.aborted) {
        await look(signal);
        await clock.sleep(LOOK_EVERY_MS, signal);
      }
    },
  };
}

/** False until the agent has reported the state of its interception. */
function isReady({ interception }: ConnectedAgent): boolean {
  if (interception === undefined) return false;
  const { nat, filter, route, input } = interception;
  return [nat, filter, route, input].every((isInstalled) => isInstalled === true);
}

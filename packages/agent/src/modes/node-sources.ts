import type { Interception } from '@rolegate/protocol';
import type { Clock, Log, ReadyCheck, Service } from '@rolegate/runtime';
import { createCniResults } from '../addresses/cni-results.ts';
import type { CniResults } from '../addresses/cni-results.ts';
import type { AgentConfig } from '../config/config.ts';
import { createStateReport } from '../feed/state-report.ts';
import type { StateReport } from '../feed/state-report.ts';
import { interceptionCheck } from '../reconcile/interception-check.ts';
import { ruleLayers } from '../interception/rules/rule.ts';
import { createNodeImdsv1 } from '../node-imds/node-imdsv1.ts';
import type { AgentMemory } from '../memory/memory.ts';
import type { createAgentMetrics } from '../metrics/metrics.ts';
import type { AgentPorts } from '../ports/agent-ports.ts';
import { followReconcile } from '../reconcile/follow.ts';
import type { AgentState } from '../state/agent-state.ts';
import type { NodeReadings } from '../status/readings.ts';
import type { FollowedInterception } from '../reconcile/followed-interception.ts';

export interface NodeSourcesDeps {
  readonly config: AgentConfig;
  readonly metrics: ReturnType<typeof createAgentMetrics>;
  readonly state: Pick<AgentState, 'kept' | 'withdrawn'>;
  readonly memory: AgentMemory;
  /** True if the feed names the Pod (a UID, or namespace/name). */
  readonly isNamed: (pod: string) => boolean;
  /** The agent's ports, reported to reconcile. */
  readonly ports: Pick<AgentPorts, 'line' | 'onChange'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** What the agent knows about its node, from reconcile or by itself. */
export interface NodeSources {
  readonly cniResults: CniResults;
  /** Undefined: no reconcile. */
  readonly interception: StateReport<Interception> | undefined;
  readonly check: ReadyCheck;
  readonly services: readonly Service[];
  /** For `rolegate-agent status`. */
  readonly readings: NodeReadings;
}

/** From reconcile if `--cni-socket` is set, including the state of the interception; otherwise from the directories. */
export function createNodeSources(deps: NodeSourcesDeps): NodeSources {
  const { config, state, clock, log, metrics, memory, isNamed } = deps;
  if (config.cniSocket !== undefined) return sourcesFromReconcile(deps, config.cniSocket);
  const cniResults = createCniResults({
    directories: config.cniCacheDirs,
    kept: state.kept.table,
    released: state.withdrawn,
    clock,
    log,
    metrics,
    memory,
    isNamed,
  });
  return {
    cniResults,
    interception: undefined,
    check: interceptionCheck(undefined),
    readings: { cniResults, reconcile: undefined },
    services: [{ name: 'CNI results', run: cniResults.run }],
  };
}

function sourcesFromReconcile(
  { config, metrics, state, clock, log, random, memory, isNamed, ports }: NodeSourcesDeps,
  path: string,
): NodeSources {
  const reconcile = followReconcile({
    path,
    clock,
    log,
    random,
    kept: state.kept.table,
    released: state.withdrawn,
    memory,
    isNamed,
    naming: ports,
    badResults: metrics.badCniResult,
  });
  const { interception, foreignListeners } = reconcile;
  const imdsv1 = createNodeImdsv1({
    endpoint: config.imdsEndpoint,
    clock,
    log,
    installed: whenInstalled(interception),
  });
  const { counted } = metrics.readInterception({
    reconcileConnected: () => reconcile.connected,
    interception: interception.current,
    nodeImdsv1Open: imdsv1.open,
    foreignListeners,
    connectionsRefused: (count) => {
      metrics.limitHit('new_connections', count);
    },
  });
  interception.onChange(() => {
    const state = interception.current();
    if (state !== undefined) counted(state);
  });
  return {
    cniResults: reconcile,
    interception: createStateReport(() => interception.current()?.layers),
    check: interceptionCheck(interception),
    readings: {
      cniResults: reconcile,
      reconcile: {
        connected: () => reconcile.connected,
        interception,
        foreignListeners,
        imdsv1Open: imdsv1.open,
      },
    },
    services: [
      { name: 'reconcile', run: reconcile.run },
      { name: 'IMDSv1 of the node', run: imdsv1.run },
    ],
  };
}

function whenInstalled({ current, onChange }: FollowedInterception): Promise<void> {
  return new Promise((resolve) => {
    const stop = onChange(() => {
      const state = current();
      if (state === undefined || ruleLayers.some((layer) => state.layers[layer] !== true)) return;
      stop();
      resolve();
    });
  });
}

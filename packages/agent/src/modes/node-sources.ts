import type { Clock, Log, ReadyCheck, Service } from '@rolegate/runtime';
import { createCniResults } from '../addresses/cni-results.ts';
import type { CniResults } from '../addresses/cni-results.ts';
import type { AgentConfig } from '../config/config.ts';
import { createInterceptionReport } from '../feed/interception-report.ts';
import type { InterceptionReport } from '../feed/interception-report.ts';
import { interceptionCheck } from '../reconcile/interception-check.ts';
import { layers } from '../interception/rule.ts';
import { createNodeImdsv1 } from '../node-imds/node-imdsv1.ts';
import type { AgentMemory } from '../memory/memory.ts';
import type { createAgentMetrics } from '../metrics/metrics.ts';
import type { AgentPorts } from '../ports/agent-ports.ts';
import { followReader } from '../reconcile/follow.ts';
import type { AgentState } from '../state/agent-state.ts';
import type { NodeReadings } from '../status/readings.ts';
import type { FollowedInterception } from '../reconcile/followed-interception.ts';

export interface NodeKnowledgeDeps {
  readonly config: AgentConfig;
  readonly metrics: ReturnType<typeof createAgentMetrics>;
  readonly state: Pick<AgentState, 'kept' | 'withdrawn'>;
  readonly memory: AgentMemory;
  /** The feed names the Pod (a UID, or namespace/name). */
  readonly isNamed: (pod: string) => boolean;
  /** Those of the agent, which the reader is told. */
  readonly ports: Pick<AgentPorts, 'line' | 'onChange'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** What the agent knows of its node, by itself or from the reader. */
export interface NodeKnowledge {
  readonly cniResults: CniResults;
  /** Undefined: without a reader nobody tells. */
  readonly interception: InterceptionReport | undefined;
  readonly check: ReadyCheck;
  readonly services: readonly Service[];
  /** For `rolegate-agent status`. */
  readonly readings: NodeReadings;
}

/** From the reader where there is a `--cni-socket`, which tells of the interception too; else from the directories. */
export function knowNode(deps: NodeKnowledgeDeps): NodeKnowledge {
  const { config, state, clock, log, metrics, memory, isNamed } = deps;
  if (config.cniSocket !== undefined) return knowByReader(deps, config.cniSocket);
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
    readings: { cniResults, reader: undefined },
    services: [{ name: 'CNI results', run: cniResults.run }],
  };
}

function knowByReader(
  { config, metrics, state, clock, log, random, memory, isNamed, ports }: NodeKnowledgeDeps,
  path: string,
): NodeKnowledge {
  const reader = followReader({
    path,
    clock,
    log,
    random,
    kept: state.kept.table,
    released: state.withdrawn,
    memory,
    isNamed,
    naming: ports,
  });
  const { interception, foreignListeners } = reader;
  const imdsv1 = createNodeImdsv1({
    endpoint: config.imdsEndpoint,
    clock,
    log,
    laid: whenLaid(interception),
  });
  const { counted } = metrics.readInterception({
    readerConnected: () => reader.connected,
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
    cniResults: reader,
    interception: createInterceptionReport(() => interception.current()?.layers),
    check: interceptionCheck(interception),
    readings: {
      cniResults: reader,
      reader: {
        connected: () => reader.connected,
        interception,
        foreignListeners,
        imdsv1Open: imdsv1.open,
      },
    },
    services: [
      { name: 'reader', run: reader.run },
      { name: 'IMDSv1 of the node', run: imdsv1.run },
    ],
  };
}

function whenLaid({ current, onChange }: FollowedInterception): Promise<void> {
  return new Promise((resolve) => {
    const stop = onChange(() => {
      const state = current();
      if (state === undefined || layers.some((layer) => state.layers[layer] !== true)) return;
      stop();
      resolve();
    });
  });
}

import { randomBytes } from 'node:crypto';
import { createMemory, VERSION } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { AgentConfig } from '../config/config.ts';
import { createServingState } from '../container-credentials/serving-state.ts';
import type { ServingState } from '../container-credentials/serving-state.ts';
import { createTokens } from '../imds-tokens/tokens.ts';
import type { Tokens } from '../imds-tokens/tokens.ts';
import type { AgentMemory } from '../memory/memory.ts';
import { createAgentMetrics } from '../metrics/metrics.ts';
import type { AgentMode } from '../modes/agent-mode.ts';
import { createFirewallMode } from '../modes/firewall-mode.ts';
import { createNodeSources } from '../modes/node-sources.ts';
import type { NodeSources } from '../modes/node-sources.ts';
import { createRolesMode } from '../modes/roles-mode.ts';
import { createAgentPorts } from '../ports/agent-ports.ts';
import type { AgentPorts } from '../ports/agent-ports.ts';
import { openAgentState } from '../state/agent-state.ts';
import type { AgentState } from '../state/agent-state.ts';
import { systemMachine } from '../state/machine.ts';
import type { Machine } from '../state/machine.ts';

export interface AgentDeps {
  readonly config: AgentConfig;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Defaults to the machine that the process runs on. */
  readonly machine?: Machine;
}

/** What answers are made from. */
export interface AgentCore {
  readonly metrics: ReturnType<typeof createAgentMetrics>;
  readonly memory: AgentMemory;
  readonly state: AgentState;
  /** Whether container credentials are served; reported to servers. */
  readonly serving: ServingState;
  readonly tokens: Tokens;
  readonly ports: AgentPorts;
  readonly node: NodeSources;
  readonly mode: AgentMode;
}

/** Throws if the configuration is invalid. */
export function createAgentCore(deps: AgentDeps, signal: AbortSignal): AgentCore {
  const { config, clock, log } = deps;
  const metrics = createAgentMetrics({ version: VERSION });
  const memory: AgentMemory = createMemory({ clock });
  metrics.readMemory(memory.sizes);
  const state = openAgentState({
    directory: config.stateDir,
    nodeName: config.nodeName,
    machine: deps.machine ?? systemMachine,
    clock,
    log,
  });
  const serving = createServingState({ log });
  const tokens = createTokens({ clock, randomBytes, kept: state.kept.tokens, changed: state.write, memory });
  // Called long after the mode exists.
  const isNamed = (pod: string) => mode.isNamed(pod);
  const ports = createAgentPorts({ clock, log });
  const node = createNodeSources({ ...deps, metrics, state, memory, isNamed, ports });
  const mode =
    config.mode === 'roles'
      ? createRolesMode({ ...deps, ...node, config, serving, metrics, memory, tokens, state }, signal)
      : createFirewallMode({ ...node, config });
  return { metrics, memory, state, serving, tokens, ports, node, mode };
}

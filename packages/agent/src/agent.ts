import { randomBytes } from 'node:crypto';
import { aborted, createOpsServer, runGroup, VERSION } from '@rolegate/runtime';
import type { Clock, Log, Service } from '@rolegate/runtime';
import type { AgentMode } from './agent-mode.ts';
import { createAnswerMetrics } from './answer-metrics.ts';
import type { AgentConfig } from './config.ts';
import { createFirewallMode, hasExceptions } from './firewall-mode.ts';
import { parseAllowPaths } from './metadata/allow-path.ts';
import { metadataHosts } from './metadata/host-check.ts';
import { createNodeImds } from './metadata/node-imds.ts';
import type { NodeImds } from './metadata/node-imds.ts';
import type { OtherMetadata } from './metadata/other-metadata.ts';
import { createOtherMetadata } from './metadata/other-metadata-reader.ts';
import { createMetadataServer } from './metadata/server.ts';
import type { MetadataServer } from './metadata/server.ts';
import { createTokens } from './metadata/tokens.ts';
import type { Tokens } from './metadata/tokens.ts';
import { createAgentMetrics } from './metrics.ts';
import { knowNode } from './node-knowledge.ts';
import { createRolesMode } from './roles-mode.ts';

type Metrics = ReturnType<typeof createAgentMetrics>;

export interface AgentDeps {
  readonly config: AgentConfig;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Builds the agent and runs it until the signal aborts. Throws where the configuration cannot be worked with. */
export async function runAgent(deps: AgentDeps, signal: AbortSignal): Promise<void> {
  const { config, clock, log } = deps;
  // The parts live longer than the signal: what was accepted is answered before they stop.
  const parts = new AbortController();
  const metrics = createAgentMetrics({ version: VERSION });
  const tokens = createTokens({ clock, randomBytes });
  const node = knowNode({ ...deps, metrics });
  const mode =
    config.mode === 'roles'
      ? createRolesMode({ ...deps, ...node, config, metrics, tokens }, parts.signal)
      : createFirewallMode({ ...node, config });
  const imds = createNodeImds({ endpoint: config.imdsEndpoint, clock, log });
  const other = otherMetadata(config, imds);
  const metadata = serveMetadata(deps, { mode, other, tokens, metrics });
  const ops = createOpsServer({ registry: metrics.registry, checks: [...mode.checks, node.check] });

  const serving: Service = {
    name: 'metadata',
    async run(group) {
      await aborted(AbortSignal.any([signal, group]));
      log.info('agent stopping');
      await metadata.close();
      parts.abort();
    },
  };
  try {
    await ops.listen(config.opsListen.host, config.opsListen.port);
    for (const ip of config.hostIps) await metadata.listen(ip, config.port);
    const { hostIps: addresses, port } = config;
    log.info('agent listening', { addresses, port, mode: config.mode, version: VERSION });
    await runGroup([serving, ...node.services, ...mode.services], parts.signal);
  } finally {
    parts.abort();
    await metadata.close();
    imds.close();
    await ops.close();
    log.info('agent stopped');
  }
}

function serveMetadata(
  { config, clock, log }: AgentDeps,
  parts: { mode: AgentMode; other: OtherMetadata; tokens: Tokens; metrics: Metrics },
): MetadataServer {
  const { mode, metrics } = parts;
  return createMetadataServer({
    ...{ ...mode, ...parts, clock, log, randomBytes },
    metrics: createAnswerMetrics({ metrics, reporter: mode.reporter }),
    settings: {
      hosts: [...metadataHosts, ...config.metadataHosts],
      imdsv1: config.imdsv1,
      holdMs: config.holdMs,
      holdGoMs: config.holdGoMs,
      groups: config.metadataGroups,
    },
  });
}

/** In firewall mode nothing is served that is not named; where nothing is, no path is told from another. */
function otherMetadata(config: AgentConfig, imds: Pick<NodeImds, 'read'>): OtherMetadata {
  const parsed = parseAllowPaths(config.allowPaths);
  if ('faults' in parsed) throw new Error(parsed.faults.join('; '));
  const other = createOtherMetadata({
    ...{ imds, groups: config.metadataGroups, allowPath: parsed.allowPath },
    reducedDocument: config.mode === 'roles',
  });
  const isClosed = config.mode === 'firewall' && !hasExceptions(config);
  return isClosed ? { ...other, everReadable: () => true } : other;
}

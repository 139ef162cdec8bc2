import { randomBytes } from 'node:crypto';
import {
  aborted,
  createMemory,
  createOpsServer,
  createProbePort,
  createProbeServer,
  createStatusServer,
  openStatusSocket,
  runGroup,
  VERSION,
} from '@rolegate/runtime';
import type { Clock, Log, Service } from '@rolegate/runtime';
import type { AgentMode } from './modes/agent-mode.ts';
import { createAnswerMetrics } from './metrics/answer-metrics.ts';
import type { AgentConfig } from './config/config.ts';
import { createFirewallMode, hasExceptions } from './modes/firewall-mode.ts';
import { parseAllowPaths } from './node-imds/allow-path.ts';
import { createLimitHits } from './metadata/limit-hits.ts';
import type { LimitHits } from './metadata/limit-hits.ts';
import { metadataHosts } from './metadata/request/host-check.ts';
import { architectureOf } from './imds-documents/identity-document.ts';
import { createNodeImds } from './node-imds/node-imds.ts';
import type { NodeImds } from './node-imds/node-imds.ts';
import type { OtherMetadata } from './node-imds/other-metadata.ts';
import { createOtherMetadata } from './node-imds/other-metadata.ts';
import { createMetadataServer } from './metadata/server.ts';
import type { MetadataServer } from './metadata/server.ts';
import { createServing } from './metadata/serving.ts';
import { createTokens } from './imds-tokens/tokens.ts';
import type { Tokens } from './imds-tokens/tokens.ts';
import type { AgentMemory } from './memory/memory.ts';
import { createAgentMetrics } from './metrics/metrics.ts';
import { createNodeSources } from './modes/node-sources.ts';
import { answersLivez } from './ports/answers-livez.ts';
import { createAgentPorts } from './ports/agent-ports.ts';
import { createRolesMode } from './modes/roles-mode.ts';
import { openAgentState } from './state/agent-state.ts';
import { systemMachine } from './state/machine.ts';
import type { Machine } from './state/machine.ts';
import { createAgentStatus } from './status/agent-status.ts';
import { STATUS_SOCKET } from './config/shared-flags.ts';

type Metrics = ReturnType<typeof createAgentMetrics>;

export interface AgentDeps {
  readonly config: AgentConfig;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** The one that the process runs on unless told. */
  readonly machine?: Machine;
}

/** Builds the agent and runs it until the signal aborts. Throws where the configuration cannot be worked with. */
export async function runAgent(deps: AgentDeps, signal: AbortSignal): Promise<void> {
  const { config, clock, log } = deps;
  // The parts live longer than the signal: what was accepted is answered before they stop.
  const parts = new AbortController();
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
  const tokens = createTokens({ clock, randomBytes, kept: state.kept.tokens, changed: state.write, memory });
  // Asked long after the mode is there.
  const isNamed = (pod: string) => mode.isNamed(pod);
  const ports = createAgentPorts({ clock, log });
  const node = createNodeSources({ ...deps, metrics, state, memory, isNamed, ports });
  const mode =
    config.mode === 'roles'
      ? createRolesMode({ ...deps, ...node, config, metrics, memory, tokens, state }, parts.signal)
      : createFirewallMode({ ...node, config });
  const imds = createNodeImds({ endpoint: config.imdsEndpoint, clock, log });
  const other = otherMetadata(config, imds);
  const limitHits = createLimitHits({ clock, log, counted: metrics.limitHit });
  const metadata = serveMetadata(deps, { mode, other, tokens, metrics, memory, limitHit: limitHits.hit });
  const serving = createServing({
    metadata,
    addresses: config.hostIps,
    port: config.port,
    ports,
    canAnswer: mode.canAnswer,
    clock,
    log,
    about: { mode: config.mode, version: VERSION },
  });
  const probes = createProbeServer({ sharedPort: true, limited: limitHits.pageHit('probe') });
  // Liveness probes begin when the agent is ready, and an agent of another user may answer them for both.
  const probePort = createProbePort({
    at: config.probeListen,
    listen: ports.noted((host, port) => probes.listen(host, port)),
    isAnswered: answersLivez,
    chosenBy: '--probe-bind (chart: probes)',
    clock,
    log,
  });
  const checks = [serving.check, ports.check, ...mode.checks, node.check, probePort.check];
  const ops = createOpsServer({
    registry: metrics.registry,
    checks,
    sharedPort: true,
    limited: limitHits.pageHit('ops'),
  });
  const readings = { mode: mode.readings, node: node.readings };
  const status = createAgentStatus({
    config,
    ...readings,
    ports,
    other,
    checks,
    clock,
    limits: limitHits.counts,
    load: metadata.load,
  });
  const statusServer = createStatusServer({ checks, status, log });

  state.begin(() => ({ tokens: tokens.kept(), ...mode.kept() }));

  const answering: Service = {
    name: 'metadata',
    async run(group) {
      await serving.run(AbortSignal.any([signal, group]));
      state.close();
      parts.abort();
    },
  };
  const operating: Service = {
    name: 'ops port',
    async run(group) {
      await ports.take(config.opsListen, (host, port) => ops.listen(host, port), group);
      await aborted(group);
    },
  };
  try {
    await openStatusSocket(statusServer, { given: config.statusSocket, fallback: STATUS_SOCKET, log });
    await runGroup(
      [operating, answering, probePort, ...node.services, ...mode.services, ...state.services],
      parts.signal,
    );
  } finally {
    parts.abort();
    await metadata.close();
    imds.close();
    await Promise.all([ops.close(), probes.close()]);
    await statusServer.close();
    log.info('agent stopped');
  }
}

function serveMetadata(
  { config, clock, log }: AgentDeps,
  parts: {
    mode: AgentMode;
    other: OtherMetadata;
    tokens: Tokens;
    metrics: Metrics;
    memory: AgentMemory;
    limitHit: LimitHits['hit'];
  },
): MetadataServer {
  const { mode, metrics } = parts;
  return createMetadataServer({
    ...mode,
    ...parts,
    clock,
    log,
    randomBytes,
    metrics: createAnswerMetrics({ metrics, reporter: mode.reporter }),
    settings: {
      hosts: [...metadataHosts, ...config.metadataHosts],
      imdsv1: config.imdsv1,
      holdMs: config.holdMs,
      holdGoMs: config.holdGoMs,
      limits: config.limits,
      holdPatientMs: config.holdPatientMs,
      groups: config.metadataGroups,
    },
  });
}

/** In firewall mode nothing is served that is not named; where nothing is, no path is told from another. */
function otherMetadata(config: AgentConfig, imds: Pick<NodeImds, 'read'>): OtherMetadata {
  const parsed = parseAllowPaths(config.allowPaths);
  if ('faults' in parsed) throw new Error(parsed.faults.join('; '));
  const other = createOtherMetadata({
    imds,
    groups: config.metadataGroups,
    allowPath: parsed.allowPath,
    architecture: architectureOf(process.arch),
    reducedDocument: config.mode === 'roles',
  });
  const isClosed = config.mode === 'firewall' && !hasExceptions(config);
  return isClosed ? { ...other, everReadable: () => true } : other;
}

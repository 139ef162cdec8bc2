import {
  createMemory,
  createProbePort,
  createStatusServer,
  openStatusSocket,
  runGroup,
  VERSION,
} from '@rolegate/runtime';
import type { ReadyCheck, Service } from '@rolegate/runtime';
import { createAgentAuthentication } from './composition/agent-authentication.ts';
import { serveAgents } from './composition/agents.ts';
import { followCluster } from './composition/cluster.ts';
import { followIssuer } from './composition/container-credentials.ts';
import { issueCredentials } from './composition/credentials.ts';
import { decidePods } from './composition/decisions.ts';
import type { ServerDeps } from './composition/deps.ts';
import { STATUS_SOCKET } from './config/status-socket.ts';
import { createConnectedAgents } from './feed/connected-agents.ts';
import { createServingNodes } from './feed/serving-nodes.ts';
import { createForeignNodes } from './identity/foreign-nodes.ts';
import { createNodeTaints } from './kubernetes/node-taints.ts';
import type { ServerMemory } from './memory/memory.ts';
import { createServerMetrics } from './metrics/metrics.ts';
import { watchedKinds } from './metrics/table.ts';
import type { ServerMetrics } from './metrics/metrics.ts';
import { createOpsPorts } from './ports/ops-ports.ts';
import { createStartupTaints } from './composition/startup-taints.ts';
import { createServerStatus } from './status/answers.ts';

/** Builds the server and runs it until the signal aborts. Throws if the configuration is invalid. */
export async function runServer(deps: ServerDeps, signal: AbortSignal): Promise<void> {
  const { config, clock, log } = deps;
  // The parts outlive the signal: agents are disconnected before the watches stop.
  const parts = new AbortController();
  const built = await buildParts(deps, { signal, parts });
  const { metrics, cluster, credentials, decided, agents, authentication } = built;
  const checks = readyChecks(built, signal);
  const ports = createOpsPorts({
    registry: metrics.registry,
    checks,
    counted: metrics.limitHit,
    clock,
    log,
  });
  const statusServer = createStatusServer({ checks, status: statusOf(deps, built, checks), log });
  metrics.read(readingsOf(built));
  const probePort = createProbePort({
    at: config.probeListen,
    listen: (host, port) => ports.probes.listen(host, port),
    chosenBy: '--probe-bind',
    clock,
    log,
  });
  const services = [
    serveAgents({
      ...deps,
      cluster,
      nodes: decided.nodes,
      agents,
      servingNodes: built.servingNodes,
      issuerKeys: built.issuerKeys,
      foreignNodes: built.foreignNodes,
      metrics,
      memory: built.memory,
      openAuthentication: authentication.open,
      signal,
      parts,
    }),
    probePort,
    { name: 'cluster', run: cluster.run },
    { name: 'Events', run: cluster.events.run },
    built.issuerKeys,
    ...credentials.services,
    ...startupTaintsOf(deps, built),
    ...(config.roles.baseArn === undefined ? [decided.detection] : []),
  ];
  try {
    await openStatusSocket(statusServer, { given: config.statusSocket, fallback: STATUS_SOCKET, log });
    await ports.ops.listen(config.opsListen.host, config.opsListen.port);
    await runGroup(services, parts.signal);
  } finally {
    parts.abort();
    credentials.close();
    cluster.connection.close();
    await ports.close();
    await statusServer.close();
    log.info('server stopped');
  }
}

type ServerParts = Awaited<ReturnType<typeof buildParts>>;

/** The parts that do not listen yet. Those that watch files and Secrets stop when `parts` aborts. */
async function buildParts(
  deps: ServerDeps,
  { signal, parts }: { readonly signal: AbortSignal; readonly parts: AbortController },
) {
  const { clock, log } = deps;
  const metrics = createServerMetrics({ version: VERSION });
  const memory: ServerMemory = createMemory({ clock });
  const foreignNodes = createForeignNodes({ clock, log, metrics, memory });
  const cluster = await followCluster(deps, { metrics, memory });
  const credentials = issueCredentials(deps, { metrics, memory });
  const servingNodes = createServingNodes({ clock, log });
  const decided = decidePods(deps, {
    ...cluster,
    ...credentials,
    servingNodes,
    foreignNodes,
    metrics,
    memory,
  });
  const issuerKeys = followIssuer({ ...deps, cluster, servingNodes, metrics });
  const agents = createConnectedAgents({ clock });
  const authentication = createAgentAuthentication({
    ...deps,
    ...cluster,
    foreignNodes,
    metrics,
    memory,
    open: () => cluster.synced() && !signal.aborted,
    signal: parts.signal,
  });
  return {
    metrics,
    memory,
    foreignNodes,
    cluster,
    credentials,
    servingNodes,
    decided,
    issuerKeys,
    agents,
    authentication,
  };
}

function readyChecks(
  { cluster, credentials, authentication }: ServerParts,
  signal: AbortSignal,
): ReadyCheck[] {
  return [
    { name: 'caches', ready: () => cluster.synced() || 'the cluster has not been read yet' },
    ...authentication.checks,
    { name: 'running', ready: () => !signal.aborted || 'stopping' },
    {
      name: 'own credentials',
      informative: true,
      ready: () => credentials.sessions.condition()?.message ?? true,
    },
  ];
}

function statusOf(
  deps: ServerDeps,
  { credentials, decided, cluster, agents, servingNodes, issuerKeys, authentication }: ServerParts,
  checks: readonly ReadyCheck[],
) {
  return createServerStatus({
    ...deps,
    ...credentials,
    ...decided,
    cluster,
    agents,
    servingNodes,
    issuerKeys,
    checks,
    warnings: deps.warnings ?? [],
    certificateSeconds: authentication.secondsLeft,
  });
}

/** The sources of gauges that are read at each scrape. */
function readingsOf({
  cluster,
  credentials,
  decided,
  issuerKeys,
  authentication,
  memory,
}: ServerParts): Parameters<ServerMetrics['read']>[0] {
  return {
    connectedNodes: () => decided.nodes.connected,
    sessions: credentials.sessions.counts,
    minRemainingSeconds: credentials.sessions.minRemainingSeconds,
    stsBudgetWaiting: () => credentials.budget.waiting,
    watchAgeSeconds: () =>
      Object.fromEntries(watchedKinds.map((kind) => [kind, cluster.watchAgeMs(kind) / 1000])),
    certificateExpirySeconds: authentication.secondsLeft,
    ownCredentialsSeconds: credentials.ownSecondsLeft,
    ownCredentialsOk: () => credentials.sessions.condition() === undefined,
    decisionsMade: () => decided.decisions.made,
    decisionsWaiting: () => decided.decisions.waiting,
    issuerKeysAgeSeconds: () => {
      const { ageMs } = issuerKeys.status();
      return ageMs === undefined ? undefined : ageMs / 1000;
    },
    rememberedNames: memory.sizes,
  };
}

function startupTaintsOf(deps: ServerDeps, { agents, cluster }: ServerParts): readonly Service[] {
  const { startupTaints: keys } = deps.config.agents;
  if (keys.length === 0) return [];
  return [createStartupTaints({ ...deps, agents, taints: createNodeTaints(cluster), keys })];
}

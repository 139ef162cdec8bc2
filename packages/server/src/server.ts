import { aborted, createOpsServer, runGroup, VERSION } from '@rolegate/runtime';
import type { Clock, Log, Service } from '@rolegate/runtime';
import { createAgentProofs } from './agent-proof.ts';
import type { AgentProof } from './agent-proof.ts';
import type { ServerConfig } from './config.ts';
import { createRoleBaseArnDetection } from './credentials/role-base-arn.ts';
import { createSessions } from './credentials/sessions.ts';
import { createStsBudget } from './credentials/sts-budget.ts';
import { createSts } from './credentials/sts.ts';
import { createDecisions } from './decisions.ts';
import { createFeedService } from './feed/feed-service.ts';
import { createNodes } from './feed/nodes.ts';
import { createGrpcServer } from './grpc-server.ts';
import { createForeignNodes } from './identity/foreign-nodes.ts';
import type { ForeignNodes } from './identity/foreign-nodes.ts';
import { createCluster } from './kubernetes/cluster.ts';
import { createConnection } from './kubernetes/connection.ts';
import { createEventRecorder } from './kubernetes/events.ts';
import { loadKubeConfig } from './kubernetes/kube-config.ts';
import { createServerMetrics, watchedKinds } from './metrics.ts';
import type { ServerMetrics } from './metrics.ts';
import { policySettings } from './policy-settings.ts';
import { createPolicy } from './policy/decide.ts';

/** How often it is looked whether the caches are synced, until they are. Milliseconds. */
const SYNC_LOOK_MS = 20;

export interface ServerDeps {
  readonly config: ServerConfig;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Of this replica, for Events and agents' logs. */
  readonly hostname: string;
}

/** Builds the server and runs it until the signal aborts. Throws where the configuration cannot be worked with. */
export async function runServer(deps: ServerDeps, signal: AbortSignal): Promise<void> {
  const { config, clock, log } = deps;
  // The parts live longer than the signal: agents are sent away before the watches stop.
  const parts = new AbortController();
  const metrics = createServerMetrics({ version: VERSION });
  const foreignNodes = createForeignNodes({ clock, log, metrics });
  const cluster = await followCluster(deps, metrics);
  const credentials = issueCredentials(deps, metrics);
  const { nodes, detection } = decidePods(deps, { ...cluster, ...credentials, foreignNodes, metrics });
  const proofs = createAgentProofs({
    ...{ ...deps, ...cluster, foreignNodes, metrics },
    open: () => cluster.synced() && !signal.aborted,
    signal: parts.signal,
  });
  const listen = async (proof: AgentProof) => {
    const feed = createFeedService({
      ...{ ...deps, ...proof, ...cluster, nodes, foreignNodes, metrics },
      podsResourceVersion: () => cluster.pods.resourceVersion,
      version: VERSION,
      serverName: deps.hostname,
      streamAgeMs: config.streamAgeMs,
    });
    const grpc = createGrpcServer({ ...proof, feed, clock });
    const port = await grpc.listen(config.listen);
    log.info('server listening', { port, opsPort: config.opsListen.port, version: VERSION });
    return grpc;
  };
  const ops = createOpsServer({
    registry: metrics.registry,
    checks: [
      { name: 'caches', ready: () => cluster.synced() || 'the cluster has not been read yet' },
      ...proofs.checks,
      { name: 'running', ready: () => !signal.aborted || 'stopping' },
      {
        name: 'own credentials',
        informative: true,
        ready: () => credentials.sessions.condition()?.message ?? true,
      },
    ],
  });
  metrics.read({
    connectedNodes: () => nodes.connected,
    sessions: credentials.sessions.counts,
    minRemainingSeconds: credentials.sessions.minRemainingSeconds,
    stsBudgetWaiting: () => credentials.budget.waiting,
    watchAgeSeconds: () =>
      Object.fromEntries(watchedKinds.map((kind) => [kind, cluster.watchAgeMs(kind) / 1000])),
    certificateExpirySeconds: proofs.secondsLeft,
  });

  const serving: Service = {
    name: 'gRPC',
    async run(group) {
      const stop = AbortSignal.any([signal, group]);
      const proof = await openUntil(proofs.open, { stop, parts });
      if (proof === undefined) return;
      const following = proof.run(parts.signal);
      const grpc = await listen(proof);
      while (!cluster.synced() && !stop.aborted) await clock.sleep(SYNC_LOOK_MS, stop);
      grpc.serving(cluster.synced());
      await aborted(stop);
      log.info('server stopping');
      await grpc.close(config.drainTimeoutMs);
      parts.abort();
      await following;
    },
  };
  const services = [
    serving,
    { name: 'cluster', run: cluster.run },
    { name: 'Events', run: cluster.events.run },
    ...(config.roles.baseArn === undefined ? [detection] : []),
  ];
  try {
    await ops.listen(config.opsListen.host, config.opsListen.port);
    await runGroup(services, parts.signal);
  } finally {
    parts.abort();
    credentials.close();
    cluster.connection.close();
    await ops.close();
    log.info('server stopped');
  }
}

/** Undefined where the server is stopped before. */
async function openUntil(
  open: () => Promise<AgentProof>,
  { stop, parts }: { readonly stop: AbortSignal; readonly parts: AbortController },
): Promise<AgentProof | undefined> {
  const end = () => {
    parts.abort();
  };
  stop.addEventListener('abort', end);
  try {
    return await open();
  } catch (error) {
    if (stop.aborted) return undefined;
    throw error;
  } finally {
    stop.removeEventListener('abort', end);
  }
}

async function followCluster({ config, clock, log, random, hostname }: ServerDeps, metrics: ServerMetrics) {
  const connection = createConnection({
    kubeConfig: await loadKubeConfig({ path: config.kubeconfigFile }),
    clock,
  });
  const events = createEventRecorder({
    connection,
    clock,
    log,
    component: 'rolegate-server',
    instance: hostname,
  });
  return { ...createCluster({ connection, clock, log, metrics, random }), connection, events };
}

function issueCredentials({ config, clock, log, random }: ServerDeps, metrics: ServerMetrics) {
  const { region, endpoint, rate, burst } = config.sts;
  const sts = createSts({ region, clock, ...(endpoint !== undefined && { endpoint }) });
  const budget = createStsBudget({ ratePerSecond: rate, burst, clock });
  const sessions = createSessions({ issue: sts.assumeRole, budget, clock, random, log, metrics });
  function close(): void {
    sessions.stop();
    sts.close();
  }
  return { sts, budget, sessions, close };
}

type Known = Awaited<ReturnType<typeof followCluster>> &
  ReturnType<typeof issueCredentials> & {
    readonly foreignNodes: ForeignNodes;
    readonly metrics: ServerMetrics;
  };

function decidePods({ config, clock, log, random }: ServerDeps, known: Known) {
  const { pods, namespaces, serviceAccounts, events, sessions, sts, foreignNodes, metrics } = known;
  const base = { arn: config.roles.baseArn };
  const policy = createPolicy(policySettings(config, base));
  const decisions = createDecisions({ cluster: { pods, namespaces, serviceAccounts }, policy, clock });
  const nodes = createNodes({
    decisions,
    pods,
    sessions,
    clock,
    metrics,
    warn: events.warn,
    moved: ({ namespace, name, nodeName }, from) => {
      const message = `Pod ${namespace}/${name} has moved to node ${nodeName}: somebody writes past the API server`;
      foreignNodes.refuse(message, { peer: 'the API server', node: from });
    },
    audit: ({ namespace, name, uid }, reason, message) => {
      metrics.auditRefusal(reason);
      log.info('enforce would refuse', { audit: true, reason, namespace, pod: name, uid, error: message });
    },
  });
  const onFound = (arn: string) => {
    base.arn = arn;
    decisions.reconsider();
  };
  return {
    nodes,
    detection: createRoleBaseArnDetection({ callerArn: sts.callerArn, clock, random, log, onFound }),
  };
}

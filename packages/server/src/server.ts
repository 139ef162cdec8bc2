import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  createServerCredentials,
  nodeOfPeer,
  peerCertificateEndsMs,
  watchTlsFiles,
} from '@rolegate/protocol';
import { aborted, createOpsServer, runGroup, VERSION } from '@rolegate/runtime';
import type { Clock, Log, Service } from '@rolegate/runtime';
import type { ServerConfig } from './config.ts';
import { createRoleBaseArnDetection } from './credentials/role-base-arn.ts';
import { createSessions } from './credentials/sessions.ts';
import { createStsBudget } from './credentials/sts-budget.ts';
import { createSts } from './credentials/sts.ts';
import { createDecisions } from './decisions.ts';
import { createFeedService } from './feed/feed-service.ts';
import { createNodes } from './feed/nodes.ts';
import { SECRET_BYTES } from './feed/token-keys.ts';
import { createGrpcServer } from './grpc-server.ts';
import { createCluster } from './kubernetes/cluster.ts';
import { createConnection } from './kubernetes/connection.ts';
import { createEventRecorder } from './kubernetes/events.ts';
import { loadKubeConfig } from './kubernetes/kube-config.ts';
import { createServerMetrics } from './metrics.ts';
import type { ServerMetrics } from './metrics.ts';
import { createPolicy } from './policy/decide.ts';

/** How often the health status follows the caches until they are synced. */
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
export async function runServer(
  { config, clock, log, random, hostname }: ServerDeps,
  signal: AbortSignal,
): Promise<void> {
  // The parts live longer than the signal: agents are sent away before the watches stop.
  const inner = new AbortController();
  const metrics = createServerMetrics({ version: VERSION });
  const tls = watchTlsFiles({
    files: { cert: config.tls.certFile, key: config.tls.keyFile, ca: config.tls.caFile },
    purpose: 'server',
    clock,
    log,
    signal: inner.signal,
  });
  const connection = createConnection({
    kubeConfig: await loadKubeConfig({ path: config.kubeconfigFile }),
    clock,
  });
  const cluster = createCluster({ connection, clock, log, metrics, random });
  const events = createEventRecorder({
    connection,
    clock,
    log,
    component: 'rolegate-server',
    instance: hostname,
  });

  const { region, endpoint, rate, burst } = config.sts;
  const sts = createSts({ region, clock, ...(endpoint !== undefined && { endpoint }) });
  const budget = createStsBudget({ ratePerSecond: rate, burst, clock });
  const sessions = createSessions({ issue: sts.assumeRole, budget, clock, random, log, metrics });

  const base = { arn: config.roles.baseArn };
  const decisions = createDecisions({ cluster, policy: policyOf(config, base), clock });
  const nodes = createNodes({
    decisions,
    pods: cluster.pods,
    sessions,
    clock,
    metrics,
    warn: events.warn,
    audit: ({ namespace, name, uid }, reason, message) => {
      log.info('enforce would refuse', { audit: true, reason, namespace, pod: name, uid, error: message });
    },
  });
  const feed = createFeedService({
    nodes,
    nodeOfCaller: (call) => nodeOfPeer(call, config.trustDomain),
    certificateEndsMs: peerCertificateEndsMs,
    synced: cluster.synced,
    podsResourceVersion: () => cluster.pods.resourceVersion,
    tokenSecret: tokenSecretOf(config, log),
    version: VERSION,
    serverName: hostname,
    streamAgeMs: config.streamAgeMs,
    clock,
    random,
    log,
    metrics,
  });
  const grpc = createGrpcServer({ credentials: createServerCredentials(tls), feed, clock, log });
  let stopping = false;
  const ops = createOpsServer({
    registry: metrics.registry,
    checks: [
      { name: 'caches', ready: () => cluster.synced() || 'the cluster has not been read yet' },
      { name: 'running', ready: () => !stopping || 'stopping' },
      { name: 'own credentials', informative: true, ready: () => sessions.condition()?.message ?? true },
    ],
  });
  readInto(metrics, { cluster, sessions, budget, nodes, tls, clock });

  await ops.listen(config.opsListen.host, config.opsListen.port);
  const port = await grpc.listen(config.listen);
  log.info('server listening', { port, opsPort: config.opsListen.port, version: VERSION });

  const serving: Service = {
    name: 'gRPC',
    async run(innerSignal) {
      while (!cluster.synced() && !signal.aborted && !innerSignal.aborted)
        await clock.sleep(SYNC_LOOK_MS, signal);
      grpc.serving(cluster.synced());
      if (cluster.synced()) log.info('caches synced', { pods: cluster.pods.size });
      await aborted(AbortSignal.any([signal, innerSignal]));
      stopping = true;
      log.info('server stopping');
      await grpc.close(config.drainTimeoutMs);
      inner.abort();
    },
  };
  const parts: Service[] = [
    serving,
    { name: 'cluster', run: cluster.run },
    { name: 'Events', run: events.run },
    ...(base.arn === undefined
      ? [
          createRoleBaseArnDetection({
            callerArn: sts.callerArn,
            clock,
            random,
            log,
            onFound: (arn) => {
              base.arn = arn;
              decisions.reconsider();
            },
          }),
        ]
      : []),
  ];
  try {
    await runGroup(parts, inner.signal);
  } finally {
    inner.abort();
    sessions.stop();
    sts.close();
    connection.close();
    await ops.close();
    log.info('server stopped');
  }
}

function policyOf(
  { roles, sessions, clusterName }: ServerConfig,
  base: { readonly arn: string | undefined },
) {
  return createPolicy({
    get roleBaseArn() {
      return base.arn;
    },
    ceilings: roles.ceilings,
    namespacePolicy: roles.namespacePolicy,
    defaultRole: roles.defaultRole,
    sessionScope: sessions.scope,
    sessionNameTemplate: sessions.nameTemplate,
    sourceIdentityTemplate: sessions.sourceIdentityTemplate,
    sessionTagTemplates: sessions.tagTemplates,
    durationSeconds: sessions.durationMs / 1000,
    clusterName,
  });
}

/** Throws where the file cannot be read or holds too little. */
function tokenSecretOf({ tokenSecretFile }: ServerConfig, log: Log): Buffer {
  if (tokenSecretFile === undefined) {
    log.warn(
      'no --token-secret-file: metadata tokens of Pods end with this server, and other replicas sign with other keys',
    );
    return randomBytes(SECRET_BYTES);
  }
  const secret = readFileSync(tokenSecretFile);
  if (secret.length < SECRET_BYTES)
    throw new Error(
      `${tokenSecretFile} holds ${secret.length} bytes: a secret of at least ${SECRET_BYTES} is needed`,
    );
  return secret;
}

interface Readable {
  readonly cluster: ReturnType<typeof createCluster>;
  readonly sessions: ReturnType<typeof createSessions>;
  readonly budget: ReturnType<typeof createStsBudget>;
  readonly nodes: ReturnType<typeof createNodes>;
  readonly tls: ReturnType<typeof watchTlsFiles>;
  readonly clock: Clock;
}

function readInto(metrics: ServerMetrics, { cluster, sessions, budget, nodes, tls, clock }: Readable): void {
  metrics.read({
    connectedNodes: () => nodes.connected,
    sessions: sessions.counts,
    minRemainingSeconds: sessions.minRemainingSeconds,
    stsBudgetWaiting: () => budget.waiting,
    watchAgeSeconds: () =>
      Object.fromEntries(
        (['Pod', 'Namespace', 'ServiceAccount'] as const).map((kind) => [
          kind,
          cluster.watchAgeMs(kind) / 1000,
        ]),
      ),
    certificateExpirySeconds: () => {
      const { certificate, ca } = tls.certificateExpirySeconds();
      return { certificate: certificate - clock.now() / 1000, ca: ca - clock.now() / 1000 };
    },
  });
}

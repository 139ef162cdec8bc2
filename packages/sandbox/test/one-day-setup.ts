import { EventEmitter } from 'node:events';
import { rolegateService } from '@rolegate/protocol';
import type { AgentReport, FeedUpdate } from '@rolegate/protocol';
import { createBackoff, silentLog } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { applyUpdate } from '../../agent/src/feed/apply-update.ts';
import { createFeedClient } from '../../agent/src/feed/feed-client.ts';
import { createServerAddresses } from '../../agent/src/feed/server-addresses.ts';
import type { FeedCall } from '../../agent/src/feed/feed-stream.ts';
import { createPodTable } from '../../agent/src/feed/table/pod-table.ts';
import { createReporter } from '../../agent/src/feed/report.ts';
import { credentialsDocument } from '../../agent/src/imds-documents/credentials-document.ts';
import { createSessions } from '../../server/src/credentials/sessions.ts';
import { createStsBudget } from '../../server/src/credentials/budget/sts-budget.ts';
import { createDecisions } from '../../server/src/decisions/decisions.ts';
import { createFeedService } from '../../server/src/feed/feed-service.ts';
import { createServingNodes } from '../../server/src/feed/serving-nodes.ts';
import type { FeedService } from '../../server/src/feed/feed-service.ts';
import { createNodes } from '../../server/src/feed/nodes/nodes.ts';
import { createForeignNodes } from '../../server/src/identity/foreign-nodes.ts';
import type { Namespace, Pod, ServiceAccount } from '../../server/src/kubernetes/objects/objects.ts';
import type { ClusterHistory } from '../../server/src/kubernetes/history.ts';
import { createPodIndex } from '../../server/src/kubernetes/objects/pod-index.ts';
import { createStore } from '../../server/src/kubernetes/objects/store.ts';
import { createPolicy } from '../../server/src/policy/decide.ts';
import { podObject } from './pod-object.ts';

const HOUR_MS = 3_600_000;
const STREAM_AGE_MS = HOUR_MS / 2;
const { responseSerialize, responseDeserialize, requestSerialize } = rolegateService.Feed;

export interface There {
  /** Undefined if no server answers. */
  server: FeedService | undefined;
  /** Functions that break the open streams. */
  readonly open: (() => void)[];
  /** Called with each message on the wire. */
  readonly heard?: (kind: 'update' | 'report', bytes: Buffer) => void;
}

export type Cluster = ReturnType<typeof createCluster>;

/** One permitted Pod on node-a, and an STS that issues for an hour or fails. */
export function createCluster(random: () => number) {
  const clock = createFakeClock();
  const store = createStore<Pod>({ keyOf: ({ uid }) => uid, log: silentLog });
  const namespaces = createStore<Namespace>({ keyOf: ({ name }) => name, log: silentLog });
  const serviceAccounts = createStore<ServiceAccount>({
    keyOf: ({ namespace, name }) => `${namespace}/${name}`,
    log: silentLog,
  });
  const pods = createPodIndex({ store });
  const policy = createPolicy({
    roleBaseArn: 'arn:aws:iam::123456789012:role/',
    ceilings: [],
    namespacePolicy: 'enforce',
    sessionScope: 'workload',
    sessionTagTemplates: {},
    durationSeconds: 3600,
    clusterName: 'test',
  });
  const sts = { fault: undefined as Error | undefined, calls: 0 };
  const sessions = createSessions({
    issue: () => {
      sts.calls += 1;
      if (sts.fault !== undefined) return Promise.reject(sts.fault);
      return Promise.resolve({
        accessKeyId: `ASIA${String(sts.calls).padStart(16, '0')}`,
        secretAccessKey: 'secret',
        sessionToken: 'token',
        expiresAtMs: clock.now() + HOUR_MS,
        lifetimeMs: HOUR_MS,
      });
    },
    budget: createStsBudget({ ratePerSecond: 100, burst: 500, clock }),
    clock,
    random,
    log: silentLog,
    metrics: { stsRequest: () => undefined },
  });
  const decisions = createDecisions({ cluster: { pods, namespaces, serviceAccounts }, policy, clock });
  const common = { name: 'shop', resourceVersion: '1', annotations: {} };
  namespaces.set({ ...common, uid: 'n', annotations: { 'iam.amazonaws.com/permitted': 'app' } });
  serviceAccounts.set({ ...common, uid: 's', name: 'default', namespace: 'shop' });
  store.set(podObject('a', { resourceVersion: '1', annotations: { 'iam.amazonaws.com/role': 'app' } }));
  return { clock, store, namespaces, serviceAccounts, pods, sessions, decisions, sts };
}

const NEVER_RESTORED: ClusterHistory = {
  version: () => '',
  current: () => ({ ask: () => Promise.resolve(''), confirmedMs: Infinity }),
  restoredMs: () => undefined,
  onRestored: () => () => undefined,
};

/** A real server with decisions, sessions and feed. The test controls the cluster and STS. */
export function startServer(cluster: Cluster, random: () => number): FeedService {
  const nodes = createNodes({
    ...cluster,
    warn: () => undefined,
    audit: () => undefined,
    metrics: { decision: () => undefined },
  });
  return createFeedService({
    nodes,
    pods: cluster.pods,
    history: NEVER_RESTORED,
    peers: {
      identify: () => ({ proven: true, identity: () => ({ node: 'node-a' }) }),
      watch: () => () => undefined,
    },
    foreignNodes: createForeignNodes({
      ...cluster,
      log: silentLog,
      metrics: { foreignNode: () => undefined },
    }),
    attest: undefined,
    servingNodes: createServingNodes(cluster),
    reviewPodToken: () => Promise.resolve({ fault: '' }),
    issuerKeys: { current: () => undefined, onChange: () => () => undefined },
    synced: () => true,
    podsResourceVersion: () => cluster.pods.resourceVersion,
    tokenSecret: () => Buffer.alloc(32, 1),
    version: '1',
    serverName: 'server-0',
    streamAgeMs: STREAM_AGE_MS,
    clock: cluster.clock,
    random,
    log: silentLog,
    metrics: { streams: () => undefined, answers: () => undefined, limitHit: () => undefined },
  });
}

/** A stream between an agent and the server over the wire format. */
function connect(
  server: FeedService,
  { open: opened, heard = () => undefined }: There,
): { call: FeedCall; close: () => void } {
  const [near, far] = [new EventEmitter(), new EventEmitter()];
  const serverSide = Object.assign(far, {
    getAuthContext: () => ({}),
    getPeer: () => '198.18.0.9:1234',
    write: (update: FeedUpdate) => {
      const bytes = responseSerialize(update);
      heard('update', bytes);
      return near.emit('data', responseDeserialize(bytes));
    },
    end: () => near.emit('end'),
  });
  far.on('error', (error) => near.listenerCount('error') > 0 && near.emit('error', error));
  queueMicrotask(() => {
    server.handlers.Feed(serverSide as never);
    for (const report of early.splice(0)) far.emit('data', report);
    open = true;
  });
  const early: unknown[] = [];
  let open = false;
  const call = Object.assign(near, {
    write(report: AgentReport) {
      const bytes = requestSerialize(report);
      heard('report', bytes);
      return open ? far.emit('data', bytes) : early.push(bytes) > 0;
    },
    end: () => undefined,
    cancel: () => near.removeAllListeners(),
  });
  opened.push(() => {
    far.emit('cancelled');
    if (near.listenerCount('error') > 0) near.emit('error', new Error('connection lost'));
  });
  return { call, close: () => far.emit('cancelled') };
}

/** An agent's feed, table and reports. */
export function startAgent({ clock }: Cluster, there: There, random: () => number) {
  const table = createPodTable({ clock, log: silentLog });
  const feed = createFeedClient({
    addresses: createServerAddresses({
      servers: [{ host: '198.18.0.1', port: 9610 }],
      lookup: () => Promise.reject(new Error('an address needs no look-up')),
      random,
    }),
    open: () => (there.server === undefined ? connectToNobody() : connect(there.server, there)),
    firstReport: () => ({
      nodeName: 'node-a',
      version: '1',
      heldSessions: table.reportedSessions().map(({ id, ...held }) => ({ sessionId: id, ...held })),
    }),
    beginSnapshot: table.beginSnapshot,
    apply: (update) => {
      applyUpdate(update, {
        table,
        clock,
        buildDocument: credentialsDocument,
        setTokenKeys: () => undefined,
      });
    },
    forget: table.forget,
    clockSkew: () => undefined,
    backoff: createBackoff({ firstMs: 100, capMs: 5_000, random }),
    clock,
    log: silentLog,
  });
  const reporter = createReporter({ send: feed.report, asked: table.sessionAsked, clock });
  const stop = new AbortController();
  void feed.run(stop.signal);
  void reporter.run(stop.signal);
  return {
    stop: () => {
      stop.abort();
    },
    table,
    reporter,
    /** The remaining lifetime of the credentials that the Pod would get. Milliseconds. */
    ask(uid: string): number {
      const decision = table.pod(uid)?.decision;
      if (decision?.kind !== 'allow') return 0;
      reporter.used(decision.sessionId);
      const credentials = table.session(decision.sessionId)?.credentials;
      return credentials === undefined ? 0 : credentials.expiresAtMs - clock.monotonic();
    },
  };
}

function connectToNobody(): { call: FeedCall; close: () => void } {
  const call = Object.assign(new EventEmitter(), {
    write: () => true,
    end: () => undefined,
    cancel: () => undefined,
  });
  queueMicrotask(() => call.emit('error', new Error('nobody is there')));
  return { call, close: () => undefined };
}

/** A real agent that follows a real server over the wire format, on one clock. */
export async function setup() {
  let seed = 0;
  const random = () => (seed += 0.618_033_988_75) % 1;
  const cluster = createCluster(random);
  const server = startServer(cluster, random);
  const open: (() => void)[] = [];
  const there: There = { server, open };
  let agent = startAgent(cluster, there, random);
  await cluster.clock.advance(1_000);
  return {
    ...cluster,
    there,
    server,
    ask: () => agent.ask('uid-a'),
    /** Breaks streams. None can be opened until `there.server` is set. */
    loseServer() {
      there.server = undefined;
      for (const breakStream of open.splice(0)) breakStream();
    },
    restartAgent() {
      agent.stop();
      agent = startAgent(cluster, there, random);
    },
    [Symbol.dispose]: () => {
      agent.stop();
    },
  };
}

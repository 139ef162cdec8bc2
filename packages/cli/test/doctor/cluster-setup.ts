import type { V1DaemonSet, V1Namespace, V1Node, V1Pod } from '../../src/answers/objects.ts';
import { VERSION } from '@rolegate/runtime';
import { readAgentStatus } from '../../src/answers/agent-status.ts';
import { readServerStatus } from '../../src/answers/server-status.ts';
import type { AgentReading, Cluster, LogLine } from '../../src/doctor/cluster.ts';

type Fields = Readonly<Record<string, unknown>>;

export const LAYERS = { nat: true, filter: true, route: true, input: true, ports: true };
const PART_OF = { 'app.kubernetes.io/part-of': 'rolegate' };
export const AGENT_LABELS = { ...PART_OF, 'app.kubernetes.io/component': 'agent' };
export const SERVER_LABELS = { ...PART_OF, 'app.kubernetes.io/component': 'server' };

/** When the cluster was read: half a minute after the log lines of the tests. */
export const AT_MS = Date.parse('2026-11-30T07:00:30Z');

export interface Planted {
  /** Replaces fields of the status of the agent on node-b. */
  readonly status?: Fields;
  /** Log lines of that agent. */
  readonly lines?: readonly LogLine[];
  /** Why the agent on node-b does not answer. */
  readonly agentFault?: string;
  /** Replaces fields of the status of the server. */
  readonly server?: Fields;
  readonly serverFault?: string;
  /** Replaces parts of the cluster. */
  readonly cluster?: Partial<Cluster>;
  readonly morePods?: readonly V1Pod[];
  readonly moreNodes?: readonly V1Node[];
  readonly moreDaemonSets?: readonly V1DaemonSet[];
  readonly namespaceLabels?: Readonly<Record<string, string>>;
}

/** Two healthy nodes with an agent each and one server, with what a test plants. */
export function cluster(planted: Planted = {}): Cluster {
  const {
    status,
    lines,
    agentFault,
    server,
    serverFault,
    morePods = [],
    moreNodes = [],
    moreDaemonSets = [],
  } = planted;
  return {
    nodes: { value: [node('node-a'), node('node-b'), ...moreNodes] },
    daemonSets: {
      value: [daemonSet('rolegate-agent', AGENT_LABELS, 'rolegate/agent:1', 2), ...moreDaemonSets],
    },
    pods: { value: [agentPod('node-a'), agentPod('node-b'), SERVER_POD, ...morePods] },
    systemPods: { value: [] },
    namespaces: { value: [namespace(planted.namespaceLabels ?? { [ENFORCE]: 'privileged' })] },
    kubeProxyConfig: { value: 'kind: KubeProxyConfiguration\nmode: "iptables"\n' },
    status: { value: true },
    logs: { value: true },
    atMs: AT_MS,
    agents: [
      reading('node-a', {}),
      {
        ...reading('node-b', status ?? {}, lines),
        ...(agentFault !== undefined && { status: { fault: agentFault } }),
      },
    ],
    servers: [
      {
        pod: 'rolegate/server-0',
        status:
          serverFault === undefined
            ? readServerStatus(JSON.stringify(serverStatus(server ?? {})))
            : { fault: serverFault },
      },
    ],
    ...planted.cluster,
  };
}

const ENFORCE = 'pod-security.kubernetes.io/enforce';

export function node(name: string, more: Fields = {}): V1Node {
  return { metadata: { name, labels: { 'kubernetes.io/os': 'linux' } }, ...more };
}

function namespace(labels: Readonly<Record<string, string>>): V1Namespace {
  return { metadata: { name: 'rolegate', labels } };
}

export function daemonSet(
  name: string,
  labels: Readonly<Record<string, string>>,
  image: string,
  scheduled: number,
): V1DaemonSet {
  return {
    metadata: { name, namespace: 'rolegate', labels },
    spec: { selector: {}, template: { spec: { containers: [{ name: 'main', image }] } } },
    status: {
      desiredNumberScheduled: 2,
      currentNumberScheduled: scheduled,
      numberReady: scheduled,
      numberMisscheduled: 0,
    },
  };
}

export function agentPod(nodeName: string, status: Fields = {}): V1Pod {
  return {
    metadata: { namespace: 'rolegate', name: `agent-${nodeName}`, labels: AGENT_LABELS },
    spec: {
      nodeName,
      hostNetwork: true,
      containers: [{ name: 'agent', securityContext: { runAsUser: 2_100_008_181 } }],
    },
    status: { phase: 'Running', ...status },
  };
}

/** As the DaemonSet controller creates it for a node. */
export function pendingPod(nodeName: string, message: string): V1Pod {
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [nodeName] }];
  return {
    metadata: { namespace: 'rolegate', name: 'agent-next', labels: AGENT_LABELS },
    spec: {
      containers: [{ name: 'agent' }],
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] },
        },
      },
    },
    status: {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'False', message }],
    },
  };
}

const SERVER_POD: V1Pod = {
  metadata: { namespace: 'rolegate', name: 'server-0', labels: SERVER_LABELS },
  spec: { nodeName: 'node-a', containers: [{ name: 'server' }] },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
};

export function reading(nodeName: string, status: Fields, lines: readonly LogLine[] = []): AgentReading {
  return {
    node: nodeName,
    pod: `rolegate/agent-${nodeName}`,
    status: readAgentStatus(JSON.stringify({ ...agentStatus(nodeName), ...status })),
    lines,
  };
}

/** What a healthy agent prints, as far as doctor reads it. */
export function agentStatus(nodeName: string): Fields {
  return {
    version: VERSION,
    node: nodeName,
    mode: 'roles',
    notReady: [],
    server: serverFacts({}),
    interception: {
      readerConnected: true,
      layers: LAYERS,
      connectionsLimited: true,
      nodeImdsv1Open: false,
      foreignRules: 0,
    },
    ports: { held: [], foreignListeners: [] },
    addresses: { source: 'cni', directories: { '/var/lib/cni/results': 'ok' } },
  };
}

/** The part of an agent's status about its server. */
export function serverFacts({
  feed = {},
  certificate = {},
  ...rest
}: { feed?: Fields; certificate?: Fields } & Fields) {
  return {
    feed: { connected: true, server: '192.0.2.1:9610', sinceSeconds: 600, staleSeconds: 0, ...feed },
    certificate: {
      of: 'URI:spiffe://rolegate/node/n',
      remainingSeconds: 80_000,
      state: true,
      ...certificate,
    },
    clockSkewMs: 12,
    ...rest,
  };
}

export function serverStatus(more: Fields = {}): Fields {
  return {
    version: VERSION,
    hostname: 'server-0',
    synced: true,
    watchAgeSeconds: { Pod: 4 },
    agents: [],
    sessions: [],
    sessionsByState: { valid: { count: 3, reasons: {} } },
    checks: { caches: true, 'own credentials': true },
    certificateSeconds: { certificate: 80_000, ca: 200 * 86_400 },
    roleBaseArn: 'arn:aws:iam::123456789012:role/',
    startupWarnings: [],
    ...more,
  };
}

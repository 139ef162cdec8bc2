import { ClusterError } from '../../src/cluster/cluster-error.ts';
import type { Connection } from '../../src/cluster/connection.ts';
import type { ExecOutcome, PodProgram } from '../../src/cluster/exec.ts';
import { AGENT_LABELS, SERVER_LABELS, agentStatus, serverStatus } from './cluster-setup.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What the API server of a test has. Paths are those of the lists, objects are as the API server sends them. */
export interface StandIn {
  /** By path, e.g. `/api/v1/nodes`; a path that is not there is 404. */
  readonly lists: Map<string, readonly object[]>;
  readonly objects: Map<string, object>;
  /** By NAMESPACE/NAME/CONTAINER. */
  readonly logs: Map<string, readonly string[]>;
  /** What `status --json` prints, by NAMESPACE/NAME; or how the program failed. */
  readonly programs: Map<string, Fields | ExecOutcome>;
  /** Rights that are refused: `list nodes`, `list pods in kube-system`, `create pods/exec in rolegate`. */
  readonly forbidden: Set<string>;
  /** Paths that were read, with their query. */
  readonly requests: string[];
  /** Programs that were run at once at most. */
  readonly mostAtOnce: () => number;
  readonly access: {
    readonly connection: Connection;
    readonly exec: (program: PodProgram) => Promise<ExecOutcome>;
  };
}

/** Objects in a page, whatever is asked for. */
const PAGE = 500;

function createStandIn(): StandIn {
  const lists: StandIn['lists'] = new Map();
  const objects: StandIn['objects'] = new Map();
  const logs: StandIn['logs'] = new Map();
  const programs: StandIn['programs'] = new Map();
  const forbidden = new Set<string>();
  const requests: string[] = [];
  let [running, most] = [0, 0];

  const connection: Connection = {
    json({ path, query = {}, right }) {
      requests.push(`${path}?${new URLSearchParams(query).toString()}`);
      const where = right.namespace === undefined ? '' : ` in ${right.namespace}`;
      const asked = `${right.verb} ${right.resource}`;
      if (forbidden.has(asked) || forbidden.has(`${asked}${where}`))
        return Promise.reject(new ClusterError('forbidden', right, 'forbidden'));
      const list = lists.get(path);
      const object = objects.get(path);
      if (list !== undefined) return Promise.resolve(pageOf(list, query));
      return object === undefined
        ? Promise.reject(new ClusterError('not found', right, 'not found'))
        : Promise.resolve(object);
    },
    stream({ path, query = {}, right }) {
      requests.push(path);
      if (forbidden.has(`${right.verb} ${right.resource}`))
        return Promise.reject(new ClusterError('forbidden', right, 'forbidden'));
      const [, namespace = '', name = ''] = /namespaces\/([^/]+)\/pods\/([^/]+)\/log/.exec(path) ?? [];
      const lines = logs.get(`${namespace}/${name}/${query['container'] ?? ''}`) ?? [];
      return Promise.resolve(chunksOf(lines.slice(-Number(query['tailLines']))));
    },
    close() {
      // Nothing is open.
    },
  };

  async function exec({ namespace, pod }: PodProgram): Promise<ExecOutcome> {
    running += 1;
    most = Math.max(most, running);
    await Promise.resolve();
    running -= 1;
    if (forbidden.has(`create pods/exec in ${namespace}`)) return { kind: 'forbidden' };
    const program = programs.get(`${namespace}/${pod}`);
    if (program === undefined) return { kind: 'failed', fault: 'pods not found' };
    if ('kind' in program) return program as ExecOutcome;
    return { kind: 'exited', code: 0, stdout: JSON.stringify(program), stderr: '' };
  }

  return {
    lists,
    objects,
    logs,
    programs,
    forbidden,
    requests,
    mostAtOnce: () => most,
    access: { connection, exec },
  };
}

function pageOf(list: readonly object[], query: Readonly<Record<string, string>>): object {
  const name = /^metadata\.name=(.+)$/.exec(query['fieldSelector'] ?? '')?.[1];
  const wanted = query['labelSelector'] === undefined ? list : list.filter(isRolegate);
  const found =
    name === undefined
      ? wanted
      : wanted.filter((one) => (one as { metadata?: { name?: string } }).metadata?.name === name);
  const from = Number(query['continue'] ?? 0);
  const items = found.slice(from, from + PAGE);
  const metadata = from + PAGE < found.length ? { continue: `${from + PAGE}` } : {};
  return { metadata, items: structuredClone(items) };
}

function isRolegate(object: object): boolean {
  const { metadata } = object as { metadata?: { labels?: Record<string, string> } };
  return metadata?.labels?.['app.kubernetes.io/part-of'] === 'rolegate';
}

async function* chunksOf(lines: readonly string[]): AsyncGenerator<Buffer> {
  await Promise.resolve();
  for (const line of lines) yield Buffer.from(`${line}\n`);
}

export interface Layout {
  readonly nodes: readonly string[];
  readonly namespace?: string;
}

/** A healthy installation, as it was read from a cluster: an agent on each node, and a server. */
export function healthyStandIn({ nodes, namespace = 'rolegate' }: Layout): StandIn {
  const standIn = createStandIn();
  const pods = [
    ...nodes.map((node) => podObject(`agent-${node}`, namespace, { node, labels: AGENT_LABELS })),
    podObject('server-0', namespace, { node: nodes[0] ?? '', labels: SERVER_LABELS }),
  ];
  standIn.lists
    .set('/api/v1/nodes', nodes.map(nodeObject))
    .set('/api/v1/pods', pods)
    .set(`/api/v1/namespaces/${namespace}/pods`, pods)
    .set('/api/v1/namespaces/kube-system/pods', [])
    .set('/apis/apps/v1/daemonsets', [daemonSetObject(namespace, nodes.length)]);
  standIn.objects
    .set(`/api/v1/namespaces/${namespace}`, {
      metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } },
    })
    .set('/api/v1/namespaces/kube-system/configmaps/kube-proxy', {
      data: { 'config.conf': 'mode: "iptables"\n', 'kubeconfig.conf': 'apiVersion: v1\n' },
    });
  for (const node of nodes) standIn.programs.set(`${namespace}/agent-${node}`, agentStatus(node));
  standIn.programs.set(`${namespace}/server-0`, serverStatus());
  return standIn;
}

export function nodeObject(name: string): object {
  return {
    metadata: {
      name,
      labels: { 'kubernetes.io/os': 'linux', 'kubernetes.io/hostname': name },
      annotations: { 'node.alpha.kubernetes.io/ttl': '0' },
    },
    spec: { providerID: 'aws:///eu-central-1a/i-0' },
    status: {
      conditions: [
        { type: 'MemoryPressure', status: 'False' },
        { type: 'Ready', status: 'True' },
      ],
      images: [{ names: ['registry.k8s.io/pause:3.10'], sizeBytes: 1 }],
    },
  };
}

export function podObject(
  name: string,
  namespace: string,
  { node, labels }: { readonly node: string; readonly labels: Readonly<Record<string, string>> },
): object {
  const isAgent = labels['app.kubernetes.io/component'] === 'agent';
  return {
    metadata: {
      name,
      namespace,
      uid: `uid-${namespace}-${name}`,
      labels,
      ownerReferences: isAgent
        ? [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'rolegate-agent', uid: 'd' }]
        : [],
    },
    spec: {
      nodeName: node,
      hostNetwork: isAgent,
      initContainers: isAgent ? [{ name: 'intercept' }, { name: 'reconcile', restartPolicy: 'Always' }] : [],
      containers: [
        isAgent ? { name: 'agent', securityContext: { runAsUser: 2_100_008_181 } } : { name: 'server' },
      ],
    },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [
        {
          name: isAgent ? 'agent' : 'server',
          ready: true,
          started: true,
          restartCount: 0,
          state: { running: { startedAt: '2026-11-30T06:00:00Z' } },
        },
      ],
    },
  };
}

function daemonSetObject(namespace: string, count: number): object {
  return {
    metadata: { name: 'rolegate-agent', namespace, labels: AGENT_LABELS },
    spec: {
      selector: { matchLabels: AGENT_LABELS },
      template: {
        spec: {
          nodeSelector: { 'kubernetes.io/os': 'linux' },
          containers: [{ name: 'agent', image: 'ghcr.io/rolegate/rolegate-agent:0.2.0' }],
        },
      },
    },
    status: {
      desiredNumberScheduled: count,
      currentNumberScheduled: count,
      numberReady: count,
      numberMisscheduled: 0,
    },
  };
}

import type { Addresses } from '../../network/addresses.ts';
import { NODE, OTHER_NODE, POD_NETWORKS } from '../../network/addresses.ts';
import type { Cluster, ClusterPod } from '../../stand-ins/cluster.ts';
import type { Namespaces } from '../../network/namespaces.ts';
import { attachPod, podAddresses } from '../../network/pod-links.ts';
import type { PodLink } from '../../network/pod-links.ts';
import type { StandIns } from '../../stand-ins/calls.ts';

/** A Pod with a network namespace. */
export interface AttachedPod {
  readonly pod: ClusterPod;
  /** The role that it must get. */
  readonly role: string;
  /** The command that enters its network namespace. */
  readonly enter: readonly string[];
}

/** The Pods of the node. */
export interface NodePods {
  /** Pods of three Namespaces and kinds of network plugin that must not be affected. */
  readonly others: readonly AttachedPod[];
  /** An unprivileged Pod with additional addresses of its bridge network. */
  readonly attacker: AttachedPod & { readonly spare: Readonly<Record<keyof Addresses, readonly string[]>> };
  /** Sixteen Pods of one Namespace. One network namespace has the addresses of all. */
  readonly sixteen: readonly AttachedPod[];
  /** A Pod with many workers. */
  readonly workers: AttachedPod;
  /** Has a network but is created in the API server by a step. */
  readonly pending: AttachedPod;
  /** Sends requests when others have used up their limits. */
  readonly late: AttachedPod;
  /** The former and the next owner of an address. */
  readonly former: AttachedPod;
  readonly next: AttachedPod;
  /** Has a network but is created in the API server by steps, each time as another Pod. */
  readonly newcomer: () => AttachedPod;
  /** On the host network, and not affected either. */
  readonly onHost: AttachedPod;
}

const links = {
  'team-a': { name: 'team-a', shape: 'calico', index: 10, namespace: 'team-a' },
  'team-b': { name: 'team-b', shape: 'eni', index: 11, namespace: 'team-b' },
  'team-c': { name: 'team-c', shape: 'bridge', index: 12, namespace: 'team-c' },
  attacker: { name: 'attacker', shape: 'bridge', index: 20, namespace: 'hostile' },
  sixteen: { name: 'sixteen', shape: 'calico', index: 30, namespace: 'hostile' },
  workers: { name: 'workers', shape: 'calico', index: 60, namespace: 'workers' },
  pending: { name: 'pending', shape: 'eni', index: 61, namespace: 'workers' },
  late: { name: 'late', shape: 'eni', index: 62, namespace: 'late' },
  former: { name: 'former', shape: 'bridge', index: 63, namespace: 'former' },
  newcomer: { name: 'newcomer', shape: 'calico', index: 64, namespace: 'newcomer' },
} as const satisfies Record<string, NamedLink>;

interface NamedLink extends PodLink {
  readonly namespace: string;
}

const NAMESPACES = [
  ...new Set<string>(Object.values(links).map(({ namespace }) => namespace)),
  'next',
  'on-host',
];
const SIXTEEN = 16;
/** Unowned addresses in the bridge networks. */
const SPARE = { first: 100, ipv4: 120, ipv6: 120 };
/** Additional addresses of the other node. */
const OTHER_NODE_SPARE = { first: 200, count: 32 };

export interface AttachPodsDeps {
  readonly namespaces: Namespaces;
  readonly cluster: Cluster;
  readonly standIns: Pick<StandIns, 'call'>;
}

/** Creates the network of every Pod, and all Pods in the API server that are not created later. */
export async function attachPods(deps: AttachPodsDeps): Promise<NodePods> {
  const { namespaces, cluster, standIns } = deps;
  for (const name of NAMESPACES) {
    const annotations = { 'iam.amazonaws.com/permitted': `${name}/.*` };
    await standIns.call({ do: 'apply', object: { kind: 'Namespace', metadata: { name, annotations } } });
  }
  for (const link of Object.values(links)) await attachPod(namespaces, link);
  const attached = (link: NamedLink): AttachedPod => ({
    ...podWithRole(cluster, link.name, link.namespace, podAddresses(link)),
    enter: namespaces.enter(link.name),
  });
  const pods: NodePods = {
    others: [attached(links['team-a']), attached(links['team-b']), attached(links['team-c'])],
    attacker: { ...attached(links.attacker), spare: await addSpareAddresses(namespaces) },
    sixteen: await attachSixteen(deps),
    workers: attached(links.workers),
    pending: attached(links.pending),
    late: attached(links.late),
    former: attached(links.former),
    next: {
      ...podWithRole(cluster, 'next', 'next', podAddresses(links.former)),
      enter: namespaces.enter('former'),
    },
    newcomer: () => attached(links.newcomer),
    onHost: createOnHost(deps),
  };
  await addOtherNodeAddresses(namespaces);
  await cluster.report(pods.onHost.pod);
  for (const { pod } of [
    ...pods.others,
    pods.attacker,
    ...pods.sixteen,
    pods.workers,
    pods.late,
    pods.former,
  ]) {
    await cluster.giveAddress(pod);
    await cluster.report(pod);
  }
  return pods;
}

/** The addresses of the other node. */
export const otherNodeAddresses: readonly string[] = [
  OTHER_NODE.ipv4,
  ...Array.from({ length: OTHER_NODE_SPARE.count }, (_, at) =>
    inNetworkOf(OTHER_NODE.ipv4, OTHER_NODE_SPARE.first + at),
  ),
];

function podWithRole(cluster: Cluster, name: string, namespace: string, addresses: Addresses) {
  const role = `${namespace}/app`;
  const annotations = { 'iam.amazonaws.com/role': role };
  return { role, pod: cluster.pod({ name, namespace, annotations }, addresses) };
}

function createOnHost({ namespaces, cluster }: AttachPodsDeps): AttachedPod {
  const { pod, role } = podWithRole(cluster, 'on-host', 'on-host', NODE);
  return { role, pod: { ...pod, hostNetwork: true }, enter: namespaces.enter('node') };
}

async function attachSixteen({ namespaces, cluster }: AttachPodsDeps): Promise<AttachedPod[]> {
  const { name, shape, index, namespace } = links.sixteen;
  const all = Array.from({ length: SIXTEEN }, (_, at) => podAddresses({ shape, index: index + at }));
  const more = all.slice(1);
  await namespaces.ip(
    name,
    more.map(({ ipv4 }) => `addr add ${ipv4}/32 dev eth0`),
  );
  await namespaces.ip(
    'node',
    more.map(({ ipv4 }) => `route add ${ipv4}/32 dev cali${index} scope link`),
  );
  return all.map((addresses, at) => ({
    ...podWithRole(cluster, `${name}-${at}`, namespace, addresses),
    enter: namespaces.enter(name),
  }));
}

/** Adds addresses that a Pod could also claim with raw sockets and ARP. */
async function addSpareAddresses(namespaces: Namespaces): Promise<NodePods['attacker']['spare']> {
  const { ipv4, ipv6 } = POD_NETWORKS.bridge;
  const spare = {
    ipv4: Array.from({ length: SPARE.ipv4 }, (_, at) => `${ipv4}.${SPARE.first + at}`),
    ipv6: Array.from({ length: SPARE.ipv6 }, (_, at) => `${ipv6}:${(0x1000 + at).toString(16)}`),
  };
  await namespaces.ip(links.attacker.name, [
    ...spare.ipv4.map((address) => `addr add ${address}/24 dev eth0`),
    ...spare.ipv6.map((address) => `addr add ${address}/64 dev eth0 nodad`),
  ]);
  return spare;
}

async function addOtherNodeAddresses(namespaces: Namespaces): Promise<void> {
  await namespaces.ip(
    'other-node',
    otherNodeAddresses.slice(1).map((address) => `addr add ${address}/24 dev eth0`),
  );
}

function inNetworkOf(address: string, last: number): string {
  return [...address.split('.').slice(0, 3), last].join('.');
}

/** Unused addresses of a network, the spoofed sources of SYN floods. */
export const unusedAddresses: Readonly<Record<'bridge' | 'nodes', readonly string[]>> = {
  bridge: Array.from({ length: 36 }, (_, at) => `${POD_NETWORKS.bridge.ipv4}.${64 + at}`),
  nodes: Array.from({ length: 100 }, (_, at) => inNetworkOf(OTHER_NODE.ipv4, 40 + at)),
};

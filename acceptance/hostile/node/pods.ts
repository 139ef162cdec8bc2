import type { Addresses } from '../../network/addresses.ts';
import { OTHER_NODE, POD_NETWORKS } from '../../network/addresses.ts';
import type { Cluster, ClusterPod } from '../../stand-ins/cluster.ts';
import type { Namespaces } from '../../network/namespaces.ts';
import { attachPod, podAddresses } from '../../network/pod-links.ts';
import type { PodLink } from '../../network/pod-links.ts';
import type { StandIns } from '../../stand-ins/calls.ts';

/** A Pod with its network. */
export interface PlacedPod {
  readonly pod: ClusterPod;
  /** As the list of roles names it. */
  readonly role: string;
  /** The command that enters its network namespace. */
  readonly enter: readonly string[];
}

/** Everybody on the node, by their part in the suite. */
export interface Cast {
  /** Of three Namespaces and three kinds of network plugin: those who must notice nothing. */
  readonly others: readonly PlacedPod[];
  /** Has every power of an unprivileged Pod, and other addresses of its bridge's network. */
  readonly attacker: PlacedPod & { readonly spare: Readonly<Record<keyof Addresses, readonly string[]>> };
  /** Of one Namespace; one network namespace holds the addresses of all. */
  readonly sixteen: readonly PlacedPod[];
  /** Many workers of one Pod. */
  readonly crowd: PlacedPod;
  /** The API server learns of it only when a step says so; its network is there. */
  readonly pending: PlacedPod;
  /** Comes when others have taken everything they may have. */
  readonly late: PlacedPod;
  /** Whose address is handed on, and who gets it. */
  readonly former: PlacedPod;
  readonly next: PlacedPod;
}

interface Part extends PodLink {
  readonly namespace: string;
}

const parts = {
  'team-a': { name: 'team-a', shape: 'calico', index: 10, namespace: 'team-a' },
  'team-b': { name: 'team-b', shape: 'eni', index: 11, namespace: 'team-b' },
  'team-c': { name: 'team-c', shape: 'bridge', index: 12, namespace: 'team-c' },
  attacker: { name: 'attacker', shape: 'bridge', index: 20, namespace: 'hostile' },
  sixteen: { name: 'sixteen', shape: 'calico', index: 30, namespace: 'hostile' },
  crowd: { name: 'crowd', shape: 'calico', index: 60, namespace: 'crowd' },
  pending: { name: 'pending', shape: 'eni', index: 61, namespace: 'crowd' },
  late: { name: 'late', shape: 'eni', index: 62, namespace: 'late' },
  former: { name: 'former', shape: 'bridge', index: 63, namespace: 'former' },
} as const satisfies Record<string, Part>;

const SIXTEEN = 16;
/** Addresses that no Pod owns, out of the bridge's networks. */
const SPARE = { first: 100, ipv4: 120, ipv6: 120 };
/** Further addresses of the other node. */
const OTHER_NODE_SPARE = { first: 200, count: 32 };

export interface PlacePodsDeps {
  readonly namespaces: Namespaces;
  readonly cluster: Cluster;
  readonly standIns: Pick<StandIns, 'call'>;
}

/** Lays the network of every Pod, and tells the cluster of all that are not to come later. */
export async function placePods(deps: PlacePodsDeps): Promise<Cast> {
  const { namespaces, cluster, standIns } = deps;
  for (const name of ['team-a', 'team-b', 'team-c', 'hostile', 'crowd', 'late', 'former', 'next']) {
    const annotations = { 'iam.amazonaws.com/permitted': `${name}/.*` };
    await standIns.call({ do: 'apply', object: { kind: 'Namespace', metadata: { name, annotations } } });
  }
  for (const part of Object.values(parts)) await attachPod(namespaces, part);
  const place = (part: Part): PlacedPod => ({
    ...named(cluster, part.name, part.namespace, podAddresses(part)),
    enter: namespaces.enter(part.name),
  });
  const cast: Cast = {
    others: [place(parts['team-a']), place(parts['team-b']), place(parts['team-c'])],
    attacker: { ...place(parts.attacker), spare: await addSpareAddresses(namespaces) },
    sixteen: await placeSixteen(deps),
    crowd: place(parts.crowd),
    pending: place(parts.pending),
    late: place(parts.late),
    former: place(parts.former),
    next: {
      ...named(cluster, 'next', 'next', podAddresses(parts.former)),
      enter: namespaces.enter('former'),
    },
  };
  await addOtherNodeAddresses(namespaces);
  for (const { pod } of [
    ...cast.others,
    cast.attacker,
    ...cast.sixteen,
    cast.crowd,
    cast.late,
    cast.former,
  ]) {
    await cluster.giveAddress(pod);
    await cluster.report(pod);
  }
  return cast;
}

/** The other node's own address and further ones: strangers to the ops ports. */
export const otherNodeAddresses: readonly string[] = [
  OTHER_NODE.ipv4,
  ...Array.from({ length: OTHER_NODE_SPARE.count }, (_, at) =>
    inNetworkOf(OTHER_NODE.ipv4, OTHER_NODE_SPARE.first + at),
  ),
];

function named(cluster: Cluster, name: string, namespace: string, addresses: Addresses) {
  const role = `${namespace}/app`;
  const annotations = { 'iam.amazonaws.com/role': role };
  return { role, pod: cluster.pod({ name, namespace, annotations }, addresses) };
}

async function placeSixteen({ namespaces, cluster }: PlacePodsDeps): Promise<PlacedPod[]> {
  const { name, shape, index, namespace } = parts.sixteen;
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
    ...named(cluster, `${name}-${at}`, namespace, addresses),
    enter: namespaces.enter(name),
  }));
}

/** What a Pod can take by raw sockets, it is given: addresses that its bridge leads to it, as soon as it says so by ARP. */
async function addSpareAddresses(namespaces: Namespaces): Promise<Cast['attacker']['spare']> {
  const { ipv4, ipv6 } = POD_NETWORKS.bridge;
  const spare = {
    ipv4: Array.from({ length: SPARE.ipv4 }, (_, at) => `${ipv4}.${SPARE.first + at}`),
    ipv6: Array.from({ length: SPARE.ipv6 }, (_, at) => `${ipv6}:${(0x1000 + at).toString(16)}`),
  };
  await namespaces.ip(parts.attacker.name, [
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

/** Nobody's addresses of a network: what floods of half-open connections say that they come from. */
export const nobodysAddresses: Readonly<Record<'bridge' | 'nodes', readonly string[]>> = {
  bridge: Array.from({ length: 36 }, (_, at) => `${POD_NETWORKS.bridge.ipv4}.${64 + at}`),
  nodes: Array.from({ length: 100 }, (_, at) => inNetworkOf(OTHER_NODE.ipv4, 40 + at)),
};

import type { Addresses } from './addresses.ts';
import { BRIDGE, POD_NETWORKS } from './addresses.ts';
import type { Namespaces } from './namespaces.ts';
import { ENI_TABLE } from './topology.ts';

/** The kind of network plugin that connects a Pod to its node. */
export type Shape = keyof typeof POD_NETWORKS;

export interface PodLink {
  /** The Pod's namespace. */
  readonly name: string;
  /** Unique within its shape, 2 to 250. */
  readonly index: number;
  readonly shape: Shape;
}

/** The MAC address that Calico and others give the node's end of every link, and the resulting link-local address. */
const NODE_MAC = 'ee:ee:ee:ee:ee:ee';
const NODE_LINK_LOCAL = 'fe80::ecee:eeff:feee:eeee';
/** A gateway address that no device has: resolved by proxy ARP or a static neighbor entry. */
const NO_GATEWAY = '169.254.1.1';

export function podAddresses({ shape, index }: Pick<PodLink, 'shape' | 'index'>): Addresses {
  const { ipv4, ipv6 } = POD_NETWORKS[shape];
  return { ipv4: `${ipv4}.${index}`, ipv6: `${ipv6}:${index.toString(16)}` };
}

/** Creates the Pod's network namespace and connects it to the node as the plugin does. */
export async function attachPod(namespaces: Namespaces, link: PodLink): Promise<void> {
  const { ip, sysctl, make, fullName } = namespaces;
  const addresses = podAddresses(link);
  const plugin = plugins[link.shape];
  const device = deviceOf(link);
  await make(link.name);
  await sysctl(link.name, { 'ipv4/conf/all/rp_filter': 1, 'ipv6/conf/all/accept_dad': 0 });
  await ip('node', [
    `link add ${device} ${plugin.link} type veth peer name eth0 netns ${fullName(link.name)}`,
    `link set ${device} up`,
    ...plugin.node(device, addresses),
    ...plugin.policy(addresses).map((rule) => `rule add ${rule}`),
  ]);
  await sysctl('node', {
    [`ipv4/conf/${device}/rp_filter`]: 1,
    [`ipv4/conf/${device}/proxy_arp`]: plugin.proxyArp ? 1 : 0,
    [`ipv4/neigh/${device}/proxy_delay`]: 0,
  });
  await ip(link.name, ['link set lo up', 'link set eth0 up', ...plugin.pod(addresses)]);
}

/** Removes the Pod's ip rules and namespace. The link is removed with the namespace. */
export async function detachPod(namespaces: Namespaces, link: PodLink): Promise<void> {
  const lines = plugins[link.shape].policy(podAddresses(link)).map((rule) => `rule del ${rule}`);
  if (lines.length > 0) await namespaces.ip('node', lines);
  await namespaces.remove(link.name);
}

/** The plugin's name for the node's end of the link. */
function deviceOf({ shape, index }: Pick<PodLink, 'shape' | 'index'>): string {
  return `${plugins[shape].device}${index}`;
}

interface Plugin {
  readonly device: string;
  readonly link: string;
  readonly proxyArp: boolean;
  readonly node: (device: string, addresses: Addresses) => string[];
  /** Arguments of `ip rule`. */
  readonly policy: (addresses: Addresses) => string[];
  readonly pod: (addresses: Addresses) => string[];
}

const hostRoutes = (device: string, { ipv4, ipv6 }: Addresses) => [
  `route add ${ipv4}/32 dev ${device} scope link`,
  `route add ${ipv6}/128 dev ${device}`,
];
const pointToPoint = ({ ipv4, ipv6 }: Addresses) => [
  `addr add ${ipv4}/32 dev eth0`,
  `addr add ${ipv6}/128 dev eth0 nodad`,
  `route add ${NO_GATEWAY} dev eth0 scope link`,
  `route add default via ${NO_GATEWAY} dev eth0`,
  `route add default via ${NODE_LINK_LOCAL} dev eth0`,
];

const plugins: Readonly<Record<Shape, Plugin>> = {
  calico: {
    device: 'cali',
    link: `address ${NODE_MAC}`,
    proxyArp: true,
    node: hostRoutes,
    policy: () => [],
    pod: pointToPoint,
  },
  // As amazon-vpc-cni: a static neighbor entry; traffic to the Pod uses the main table, traffic from it that of the second interface.
  eni: {
    device: 'eni',
    link: `address ${NODE_MAC}`,
    proxyArp: false,
    node: hostRoutes,
    policy: ({ ipv4 }) => [
      `priority 512 to ${ipv4} lookup main`,
      `priority 1536 from ${ipv4} lookup ${ENI_TABLE}`,
    ],
    pod: (addresses) => [
      `neigh add ${NO_GATEWAY} lladdr ${NODE_MAC} dev eth0 nud permanent`,
      ...pointToPoint(addresses),
    ],
  },
  bridge: {
    device: 'veth',
    link: '',
    proxyArp: false,
    node: (device) => [`link set ${device} master cni0`],
    policy: () => [],
    pod: ({ ipv4, ipv6 }) => [
      `addr add ${ipv4}/24 dev eth0`,
      `addr add ${ipv6}/64 dev eth0 nodad`,
      `route add default via ${BRIDGE.ipv4}`,
      `route add default via ${BRIDGE.ipv6}`,
    ],
  },
};

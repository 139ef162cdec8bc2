import { BRIDGE, CLOUD, METADATA, NODE, OTHER_NODE, POD_NETWORKS, SECOND_INTERFACE } from './addresses.ts';
import type { Namespaces } from './namespaces.ts';

/** Strict reverse path filtering, and no duplicate address detection. */
const STRICT = {
  'ipv4/conf/all/rp_filter': 1,
  'ipv4/conf/default/rp_filter': 1,
  'ipv6/conf/all/accept_dad': 0,
  'ipv6/conf/default/accept_dad': 0,
};
const ROUTER = { 'ipv4/ip_forward': 1, 'ipv6/conf/all/forwarding': 1 };

/** The routing table of amazon-vpc-cni for the second interface. */
export const ENI_TABLE = 2;

/** Creates a node, another node, and a cloud with the metadata addresses, without a route to the outside. Pods are added later. */
export async function createTopology(namespaces: Namespaces): Promise<void> {
  const { ip, sysctl, make } = namespaces;
  for (const name of ['cloud', 'node', 'other-node']) await make(name);
  await sysctl('cloud', { ...STRICT, ...ROUTER });
  await sysctl('node', { ...STRICT, ...ROUTER });
  await sysctl('other-node', STRICT);
  await ip('cloud', cloudLines(namespaces));
  await ip('node', nodeLines());
  await ip('other-node', [...up('lo'), ...withAddresses('eth0', OTHER_NODE), ...defaultsVia(CLOUD)]);
  await ip('cloud', podRoutes());
}

/** A bridge connects the nodes; the metadata addresses belong to the cloud. */
function cloudLines({ fullName }: Namespaces): string[] {
  return [
    ...up('lo'),
    `addr add ${METADATA.ipv4}/32 dev lo`,
    `addr add ${METADATA.ipv6}/128 dev lo`,
    'link add br0 type bridge',
    ...withAddresses('br0', CLOUD),
    `link add node type veth peer name eth0 netns ${fullName('node')}`,
    `link add other type veth peer name eth0 netns ${fullName('other-node')}`,
    `link add second type veth peer name eth1 netns ${fullName('node')}`,
    ...['node', 'other'].flatMap((port) => [`link set ${port} master br0`, ...up(port)]),
    `addr add ${SECOND_INTERFACE.cloud}/24 dev second`,
    ...up('second'),
  ];
}

function nodeLines(): string[] {
  return [
    ...up('lo'),
    ...withAddresses('eth0', NODE),
    ...defaultsVia(CLOUD),
    `addr add ${SECOND_INTERFACE.node}/24 dev eth1`,
    ...up('eth1'),
    `route add default via ${SECOND_INTERFACE.cloud} dev eth1 table ${ENI_TABLE}`,
    // As plugins do. Otherwise the address changes with the ports, and Pods' neighbor entries are wrong for seconds.
    'link add cni0 address 02:00:00:00:00:c0 type bridge',
    ...withAddresses('cni0', BRIDGE),
  ];
}

/** The cloud has a route to every Pod, so only Rolegate's rules block Pods. */
function podRoutes(): string[] {
  return [
    `route add ${POD_NETWORKS.calico.ipv4}.0/24 via ${NODE.ipv4}`,
    `route add ${POD_NETWORKS.eni.ipv4}.0/24 via ${SECOND_INTERFACE.node}`,
    `route add ${POD_NETWORKS.bridge.ipv4}.0/24 via ${NODE.ipv4}`,
    ...Object.values(POD_NETWORKS).map(({ ipv6 }) => `route add ${ipv6}:/64 via ${NODE.ipv6}`),
  ];
}

function withAddresses(device: string, { ipv4, ipv6 }: { ipv4: string; ipv6: string }): string[] {
  return [`addr add ${ipv4}/24 dev ${device}`, `addr add ${ipv6}/64 dev ${device} nodad`, ...up(device)];
}

function defaultsVia({ ipv4, ipv6 }: { ipv4: string; ipv6: string }): string[] {
  return [`route add default via ${ipv4}`, `route add default via ${ipv6}`];
}

function up(device: string): string[] {
  return [`link set ${device} up`];
}

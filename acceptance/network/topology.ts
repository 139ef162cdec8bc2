import { BRIDGE, CLOUD, METADATA, NODE, OTHER_NODE, POD_NETWORKS, SECOND_INTERFACE } from './addresses.ts';
import type { Namespaces } from './namespaces.ts';

/** Strict: what comes in by an interface that its answer would not leave by is dropped. No waiting for duplicate addresses. */
const STRICT = {
  'ipv4/conf/all/rp_filter': 1,
  'ipv4/conf/default/rp_filter': 1,
  'ipv6/conf/all/accept_dad': 0,
  'ipv6/conf/default/accept_dad': 0,
};
const ROUTER = { 'ipv4/ip_forward': 1, 'ipv6/conf/all/forwarding': 1 };

/** The routing table that amazon-vpc-cni keeps for its second interface. */
export const ENI_TABLE = 2;

/** Lays a node, another node, and the cloud behind which a metadata API is; Pods come later. Nothing leads out of it. */
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

/** A bridge is the network of the nodes; the metadata addresses are the cloud's own. */
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
    'link add cni0 type bridge',
    ...withAddresses('cni0', BRIDGE),
  ];
}

/** The cloud knows the way back to every Pod: without rules nothing stands between. */
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

/** The metadata API of EC2, by family. */
export const METADATA = { ipv4: '169.254.169.254', ipv6: 'fd00:ec2::254' } as const;

/** Of RFC 2544 (198.18.0.0/15) and of a unique local prefix: nothing of a run is routed anywhere. */
export const CLOUD = { ipv4: '198.18.0.1', ipv6: 'fd00:198:18::1' } as const;
export const NODE = { ipv4: '198.18.0.10', ipv6: 'fd00:198:18::10' } as const;
export const OTHER_NODE = { ipv4: '198.18.0.11', ipv6: 'fd00:198:18::11' } as const;
/** The node's second network interface, through which amazon-vpc-cni sends its Pods. */
export const SECOND_INTERFACE = { node: '198.18.1.10', cloud: '198.18.1.1' } as const;
/** Of the bridge `cni0`. */
export const BRIDGE = { ipv4: '198.18.7.1', ipv6: 'fd00:198:18:7::1' } as const;

/** What Pods of each shape have their addresses from. */
export const POD_NETWORKS = {
  calico: { ipv4: '198.18.5', ipv6: 'fd00:198:18:5:' },
  eni: { ipv4: '198.18.6', ipv6: 'fd00:198:18:6:' },
  bridge: { ipv4: '198.18.7', ipv6: 'fd00:198:18:7:' },
} as const;

/** Ports of the metadata addresses, beside 80, on which the cloud answers whoever comes. */
export const ECHO_PORTS = { tcp: [22, 53, 81, 443, 8080, 8181], udp: [53, 80, 123] } as const;

/** Where the programs and stand-ins listen in the node. */
export const PORTS = {
  agent: 8181,
  agentOps: 9621,
  agentProbes: 9622,
  server: 9610,
  serverOps: 9620,
  api: 6443,
  sts: 4566,
} as const;

export type Addresses = Readonly<Record<'ipv4' | 'ipv6', string>>;

/** As a URL has it. */
export function inUrl(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** Where the server and Pods reach STS. */
export const STS_URL = `http://${NODE.ipv4}:${PORTS.sts}`;

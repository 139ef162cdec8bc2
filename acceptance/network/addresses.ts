/** The addresses of the EC2 metadata API. */
export const METADATA = { ipv4: '169.254.169.254', ipv6: 'fd00:ec2::254' } as const;

/** From RFC 2544 (198.18.0.0/15) and a unique local prefix, neither of which is routed. */
export const CLOUD = { ipv4: '198.18.0.1', ipv6: 'fd00:198:18::1' } as const;
export const NODE = { ipv4: '198.18.0.10', ipv6: 'fd00:198:18::10' } as const;
export const OTHER_NODE = { ipv4: '198.18.0.11', ipv6: 'fd00:198:18::11' } as const;
/** The node's second network interface, which amazon-vpc-cni uses for Pods. */
export const SECOND_INTERFACE = { node: '198.18.1.10', cloud: '198.18.1.1' } as const;
/** The addresses of the bridge `cni0`. */
export const BRIDGE = { ipv4: '198.18.7.1', ipv6: 'fd00:198:18:7::1' } as const;

/** Address prefixes of the Pods of each network plugin. */
export const POD_NETWORKS = {
  calico: { ipv4: '198.18.5', ipv6: 'fd00:198:18:5:' },
  eni: { ipv4: '198.18.6', ipv6: 'fd00:198:18:6:' },
  bridge: { ipv4: '198.18.7', ipv6: 'fd00:198:18:7:' },
} as const;

/** Ports other than 80 of the metadata addresses on which the cloud answers every client. */
export const ECHO_PORTS = { tcp: [22, 53, 81, 443, 8080, 8181], udp: [53, 80, 123] } as const;

/** Ports of the programs and stand-ins on the node. */
export const PORTS = {
  agent: 8181,
  agentOps: 9621,
  agentProbes: 9622,
  server: 9610,
  serverOps: 9620,
  api: 6443,
  sts: 4566,
  s3: 9000,
  proxy: 3128,
} as const;

export type Addresses = Readonly<Record<'ipv4' | 'ipv6', string>>;

/** The address in URL form. */
export function inUrl(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** The STS endpoint for the server and Pods. */
export const STS_URL = `http://${NODE.ipv4}:${PORTS.sts}`;

/** The S3 endpoint for Pods. */
export const S3_URL = `http://${NODE.ipv4}:${PORTS.s3}`;

/** The HTTP proxy for Pods. */
export const PROXY_URL = `http://${NODE.ipv4}:${PORTS.proxy}`;

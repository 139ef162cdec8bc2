import type { Addresses } from '../network/addresses.ts';
import type { ToolRules } from './rules.ts';

/** The answer of a Pod that receives traffic meant for the agent. */
export const HIJACKED = 'hijacked';

const families = ['ipv4', 'ipv6'] as const;
const NETWORK = { ipv4: '24', ipv6: '64' } as const;

interface Hostports {
  /** The Pod's addresses on the bridge; it listens on port 80. */
  readonly pod: Addresses;
  readonly ports: readonly number[];
  /** Part of the chain's name; the plugin derives it from the container ID. */
  readonly id: string;
  /** Where the jump to the plugin's chain is inserted. The plugin appends it. */
  readonly position: 'last' | 'first';
}

/** The rules of the portmap plugin for a Pod with these `hostPort`s (containernetworking/plugins, portmap_iptables.go). */
export function portmapRules(hostports: Hostports): ToolRules {
  const [ipv4, ipv6] = families.map((family) => natTable(family, hostports));
  return { tables: { both: '', ipv4: ipv4 ?? '', ipv6: ipv6 ?? '' }, ipRules: [] };
}

function natTable(family: (typeof families)[number], { pod, ports, id, position }: Hostports): string {
  const to = family === 'ipv4' ? pod.ipv4 : `[${pod.ipv6}]`;
  const insert = position === 'last' ? '-A' : '-I';
  const own = `CNI-DN-${id}`;
  return `
*nat
:CNI-HOSTPORT-DNAT - [0:0]
:CNI-HOSTPORT-MASQ - [0:0]
:CNI-HOSTPORT-SETMARK - [0:0]
:${own} - [0:0]
${insert} PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
${insert} OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
-I POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ
-A CNI-HOSTPORT-MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE
-A CNI-HOSTPORT-SETMARK -m comment --comment "CNI portfwd masquerade mark" -j MARK --set-xmark 0x2000/0x2000
-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \\"cni0\\" id: \\"${id}\\"" -m multiport --dports ${ports.join(',')} -j ${own}
${ports
  .flatMap((port) => [
    `-A ${own} -s ${pod[family]}/${NETWORK[family]} -p tcp -m tcp --dport ${port} -j CNI-HOSTPORT-SETMARK`,
    ...(family === 'ipv4'
      ? [`-A ${own} -s 127.0.0.1/32 -p tcp -m tcp --dport ${port} -j CNI-HOSTPORT-SETMARK`]
      : []),
    `-A ${own} -p tcp -m tcp --dport ${port} -j DNAT --to-destination ${to}:80`,
  ])
  .join('\n')}
COMMIT
`;
}

/** The kube-proxy rules of a Service with a ClusterIP and this port. */
export function serviceRules({
  pod,
  address,
  port,
}: {
  pod: Addresses;
  address: string;
  port: number;
}): ToolRules {
  return {
    tables: {
      both: '',
      ipv4: `
*nat
:KUBE-SVC-PORTS - [0:0]
-A KUBE-SERVICES -d ${address}/32 -p tcp -m tcp --dport ${port} -j KUBE-SVC-PORTS
-A KUBE-SVC-PORTS -j KUBE-MARK-MASQ
-A KUBE-SVC-PORTS -p tcp -j DNAT --to-destination ${pod.ipv4}:80
COMMIT
`,
    },
    ipRules: [],
  };
}

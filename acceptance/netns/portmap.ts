import type { Addresses } from '../network/addresses.ts';
import type { ToolRules } from './rules.ts';

/** What a Pod that gets what is not for it answers. */
export const HIJACKED = 'hijacked';

const families = ['ipv4', 'ipv6'] as const;
const NETWORK = { ipv4: '24', ipv6: '64' } as const;

interface Hostports {
  /** The Pod's own, on the bridge; it listens on port 80. */
  readonly pod: Addresses;
  readonly ports: readonly number[];
  /** Of its chain; plugins make it of the container's ID. */
  readonly id: string;
  /** Where the plugin's chain is led to: below what is there, as it does itself, or above. */
  readonly place: 'last' | 'first';
}

/** Rules as the portmap plugin writes them for a Pod with these as its `hostPort`s (containernetworking/plugins, portmap_iptables.go). */
export function portmapRules(hostports: Hostports): ToolRules {
  const [ipv4, ipv6] = families.map((family) => natTable(family, hostports));
  return { tables: { both: '', ipv4: ipv4 ?? '', ipv6: ipv6 ?? '' }, ipRules: [] };
}

function natTable(family: (typeof families)[number], { pod, ports, id, place }: Hostports): string {
  const to = family === 'ipv4' ? pod.ipv4 : `[${pod.ipv6}]`;
  const lead = place === 'last' ? '-A' : '-I';
  const own = `CNI-DN-${id}`;
  return `
*nat
:CNI-HOSTPORT-DNAT - [0:0]
:CNI-HOSTPORT-MASQ - [0:0]
:CNI-HOSTPORT-SETMARK - [0:0]
:${own} - [0:0]
${lead} PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
${lead} OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
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

/** A Service with an address of its own and this port, as kube-proxy writes it. */
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

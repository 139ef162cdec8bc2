import { METADATA, NODE, PORTS } from '../network/addresses.ts';
import type { Backend, ToolRules } from './rules.ts';

const KUBE_PROXY = `
*mangle
:KUBE-IPTABLES-HINT - [0:0]
:KUBE-KUBELET-CANARY - [0:0]
COMMIT
*nat
:KUBE-SERVICES - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-MARK-MASQ - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -j MASQUERADE --random-fully
COMMIT
*filter
:KUBE-FIREWALL - [0:0]
:KUBE-FORWARD - [0:0]
-A INPUT -j KUBE-FIREWALL
-A OUTPUT -j KUBE-FIREWALL
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
`;

/** Drops traffic from Pods to their node, as by default, except to the STS of this test. */
const CALICO = `
*nat
:cali-PREROUTING - [0:0]
:cali-fip-dnat - [0:0]
-I PREROUTING 1 -m comment --comment "cali:6gwbT8clXdHdC1b1" -j cali-PREROUTING
-A cali-PREROUTING -j cali-fip-dnat
COMMIT
*filter
:cali-FORWARD - [0:0]
:cali-INPUT - [0:0]
:cali-from-wl-dispatch - [0:0]
:cali-wl-to-host - [0:0]
-I FORWARD 1 -m comment --comment "cali:wUHhoiAYhphO9Mso" -j cali-FORWARD
-A FORWARD -m mark --mark 0x10000/0x10000 -j ACCEPT
-I INPUT 1 -m comment --comment "cali:Cz_u1IQiXIMmKD4c" -j cali-INPUT
-A cali-FORWARD -i cali+ -j cali-from-wl-dispatch
-A cali-from-wl-dispatch -j MARK --set-xmark 0x10000/0x10000
-A cali-INPUT -i cali+ -g cali-wl-to-host
-A cali-wl-to-host -p tcp --dport ${PORTS.sts} -j ACCEPT
-A cali-wl-to-host -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A cali-wl-to-host -p udp -j DROP
-A cali-wl-to-host -p tcp -j DROP
COMMIT
`;

/** A leftover redirect to a port on which nothing listens. */
const kiam = (insert: string, port: number) => `
*nat
${insert} -d ${METADATA.ipv4}/32 -i cali+ -p tcp --dport 80 -j DNAT --to-destination ${NODE.ipv4}:${port}
COMMIT
`;

/** Installed on the node before Rolegate. */
export const rulesBefore: ToolRules = {
  tables: { both: KUBE_PROXY + CALICO, ipv4: kiam('-A PREROUTING', 8282) },
  ipRules: ['rule add priority 900 from 198.18.9.0/24 lookup main'],
};

/** Added while Rolegate is installed: a kube-proxy Service, another Calico rule on top, and kiam before all other rules. */
export const laterRules: ToolRules = {
  tables: {
    both: `
*nat
:KUBE-SVC-TEST - [0:0]
-I KUBE-SERVICES 1 -p tcp --dport 31234 -j KUBE-SVC-TEST
-A KUBE-SVC-TEST -j KUBE-MARK-MASQ
COMMIT
*filter
:cali-wl-again - [0:0]
-I FORWARD 1 -i cali+ -j cali-wl-again
-A cali-wl-again -m conntrack --ctstate INVALID -j DROP
-A INPUT -p tcp --dport 10250 -j ACCEPT
COMMIT
`,
    ipv4: kiam('-I PREROUTING 1', 8383),
  },
  ipRules: ['rule add priority 901 to 198.18.10.0/24 lookup main'],
};

/** A rule in the other iptables backend. */
export const rulesInOtherBackend: ToolRules = {
  tables: { both: '\n*filter\n-A FORWARD -p tcp --dport 31999 -j DROP\nCOMMIT\n', ipv4: '' },
  ipRules: [],
};

export const otherBackend = (backend: Backend): Backend => (backend === 'nft' ? 'legacy' : 'nft');

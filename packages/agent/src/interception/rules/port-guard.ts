import type { Family } from './metadata-addresses.ts';
import type { Chain, Guarded, Jump, PlanOptions } from './rule.ts';

/** Used by kubelet's probes. */
const LOOPBACK: Readonly<Record<Family, string>> = { ipv4: '127.0.0.1', ipv6: '::1' };

/**
 * What is guarded in one family; no address: nothing. IPv4 loopback is guarded even on a node without an IPv4 `--host-ip`, for
 * kubelet's probes. IPv6 loopback is not: the kernel of such a node may have no nat table. Names these addresses instead of all
 * local ones (`addrtype LOCAL`): kube-proxy in IPVS mode makes all Services' addresses local, and a Service may use one of
 * these ports.
 */
export function guardedIn(
  family: Family,
  { hostIps, port, guardedPorts }: Pick<PlanOptions, 'hostIps' | 'port' | 'guardedPorts'>,
): Guarded {
  const hostIp = hostIps[family];
  const ports = [...new Set([port, ...guardedPorts])];
  if (hostIp !== undefined) return { addresses: [hostIp, LOOPBACK[family]], ports };
  return { addresses: family === 'ipv4' ? [LOOPBACK.ipv4] : [], ports };
}

type Guard = Pick<Chain, 'name' | 'address'> & { readonly guarded: Guarded };

/**
 * Protects the agent's ports from redirects by others: a Pod's `hostPort` (DNAT of the portmap plugin) or a Service's external
 * IP would receive what Pods, kubelet and Prometheus send there. ACCEPT, because RETURN would continue with the next rule of
 * the built-in chain.
 */
export function portGuard(family: Family, { name, address, guarded: { addresses, ports } }: Guard): Chain {
  const bits = family === 'ipv4' ? 32 : 128;
  const lead = (base: Jump['base'], to: string): Jump => ({
    base,
    match: `-d ${to}/${bits} -p tcp -j ${name}`,
    comment: 'rolegate: no redirect of the ports of the agent',
  });
  return {
    table: 'nat',
    name,
    layer: 'ports',
    address,
    // Packets from elsewhere are never for loopback.
    jumps: [
      ...addresses.filter((one) => one !== LOOPBACK[family]).map((one) => lead('PREROUTING', one)),
      ...addresses.map((one) => lead('OUTPUT', one)),
    ],
    rules: ports.map((port) => ({
      match: `-p tcp --dport ${port} -j ACCEPT`,
      comment: 'no rule below redirects it',
    })),
  };
}

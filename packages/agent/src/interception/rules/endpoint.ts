import { containerCredentials } from '@rolegate/protocol';
import { connectionLimitRules } from './connection-limit.ts';
import type { Family } from './metadata-addresses.ts';
import { guardedIn, portGuard } from './port-guard.ts';
import { LET_PASS_PRIORITY, PROHIBIT_PRIORITY } from './priorities.ts';
import type { Chain, EndpointPlan, FamilyPlan, Guarded, PlanOptions, RouteRule } from './rule.ts';

/** The chains of the endpoint. Other chains stay the same whether or not it is enabled. */
export const endpointChains = [
  { table: 'nat', name: 'ROLEGATE-CREDENTIALS-PORTS', layer: 'ports' },
  { table: 'filter', name: 'ROLEGATE-CREDENTIALS-INPUT', layer: 'input' },
] as const;
const [PORTS_CHAIN, INPUT_CHAIN] = endpointChains;

/** What the plan depends on apart from the configuration. */
export interface Surroundings {
  /** Interfaces with a default route: other nodes' packets arrive there. */
  readonly uplinks: readonly string[];
  /** True: an endpoint that is not enabled is ignored instead of removed. */
  readonly ignoresEndpoint: boolean;
}

type Planned = Pick<FamilyPlan, 'chains' | 'routes'> & {
  readonly endpoint: EndpointPlan;
  /** Undefined: nothing. */
  readonly guarded: Guarded | undefined;
};

/** The rules of the container credentials endpoint for one family. Pure. */
export function planEndpoint(family: Family, options: PlanOptions, around: Surroundings): Planned {
  const address = containerCredentials.addresses[family];
  // IPv4 always: Pods of an IPv6 cluster often have an IPv4 address that is valid only on their node.
  const isInstalled =
    options.containerCredentials && (family === 'ipv4' || options.hostIps.ipv6 !== undefined);
  if (!isInstalled) {
    const isIgnored = around.ignoresEndpoint && !options.containerCredentials;
    const endpoint: EndpointPlan = { address, state: isIgnored ? 'ignored' : 'removed' };
    return { chains: [], routes: [], guarded: undefined, endpoint };
  }
  const { addresses } = guardedIn(family, options);
  const guarded = { addresses: [address, ...addresses], ports: [containerCredentials.port] };
  return {
    chains: [
      portGuard(family, { ...PORTS_CHAIN, address, guarded }),
      inputChain(family, address, around.uplinks),
    ],
    routes: routeRules(address),
    guarded,
    endpoint: { address, state: 'installed' },
  };
}

/**
 * Keeps other nodes out and other tools' drops away. What another node sends through an overlay arrives by an interface without
 * a default route; only the agent, which compares the source with the Pod of the token, refuses that.
 */
function inputChain(family: Family, address: string, uplinks: readonly string[]): Chain {
  const bits = family === 'ipv4' ? 32 : 128;
  return {
    ...INPUT_CHAIN,
    address,
    jumps: [
      {
        base: 'INPUT',
        // Other ports of the address may belong to the agent of EKS Pod Identity.
        match: `-d ${address}/${bits} -p tcp --dport ${containerCredentials.port} -j ${INPUT_CHAIN.name}`,
        comment: 'rolegate: container credentials',
      },
    ],
    rules: [
      ...uplinks.map((name) => ({ match: `-i ${name} -j DROP`, comment: 'from outside the node' })),
      ...connectionLimitRules(family, address),
      { match: '-j ACCEPT', comment: 'the agent asks for a token' },
    ],
  };
}

/**
 * The address is local even if a network plugin puts rules before the local table (amazon-vpc-cni does for Pods with security
 * groups), and nothing is sent to it while it is not.
 */
function routeRules(address: string): readonly RouteRule[] {
  return [
    { priority: LET_PASS_PRIORITY, to: address, action: 'local' },
    { priority: PROHIBIT_PRIORITY, to: address, action: 'prohibit' },
  ];
}

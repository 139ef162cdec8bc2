import { formatHostPort } from '@rolegate/runtime';
import { connectionLimitRules } from './connection-limit.ts';
import { interfaceText } from './host-interfaces.ts';
import { families, metadataAddresses } from './metadata-addresses.ts';
import type { Family } from './metadata-addresses.ts';
import { endpointChains, planEndpoint } from './endpoint.ts';
import type { Surroundings } from './endpoint.ts';
import { guardedIn, portGuard } from './port-guard.ts';
import { LET_PASS_PRIORITY, PROHIBIT_PRIORITY } from './priorities.ts';
import type { Chain, FamilyPlan, PlanOptions, RouteRule, Rule } from './rule.ts';

/** Every chain of ours. */
export const ownChains: readonly Pick<Chain, 'table' | 'name' | 'layer'>[] = [
  { table: 'nat', name: 'ROLEGATE', layer: 'nat' },
  { table: 'nat', name: 'ROLEGATE-PORTS', layer: 'ports' },
  { table: 'filter', name: 'ROLEGATE-DENY', layer: 'filter' },
  { table: 'filter', name: 'ROLEGATE-INPUT', layer: 'input' },
  ...endpointChains,
];

/** Our chains that belong to the plan: it neither installs nor removes those that it ignores. */
export function chainsUnder({ endpoint }: FamilyPlan): typeof ownChains {
  if (endpoint.state !== 'ignored') return ownChains;
  return ownChains.filter(({ name }) => !endpointChains.some((ignored) => ignored.name === name));
}

/** The comment of rules for excluded guests. */
export const GUEST = 'a guest that keeps the metadata API of the node';
/** The port of the metadata API. */
const METADATA_PORT = 80;

/** All rules of the interception, for both families. Pure. */
export function planInterception(
  options: PlanOptions,
  around: Surroundings = { uplinks: [], ignoresEndpoint: false },
): readonly FamilyPlan[] {
  return families.map((family) => {
    const address = metadataAddresses[family];
    const hostIp = options.hostIps[family];
    const chains = [denyChain(family, address, options)];
    const guarded = guardedIn(family, options);
    if (guarded.addresses.length > 0)
      chains.push(portGuard(family, { name: 'ROLEGATE-PORTS', address, guarded }));
    if (hostIp !== undefined) {
      const agent = { ...options, family, address, hostIp, bits: family === 'ipv4' ? 32 : 128 };
      chains.push(natChain(agent), inputChain(agent));
    }
    const endpoint = planEndpoint(family, options, around);
    return {
      family,
      address,
      guarded: endpoint.guarded === undefined ? [guarded] : [guarded, endpoint.guarded],
      chains: [...chains, ...endpoint.chains],
      routes: [...routeRules(address, options), ...endpoint.routes],
      endpoint: endpoint.endpoint,
    };
  });
}

interface Agent extends PlanOptions {
  readonly family: Family;
  readonly address: string;
  readonly hostIp: string;
  readonly bits: number;
}

/** DNAT rather than REDIRECT, which drops packets that arrive on an interface without an address. */
function natChain({ address, hostIp, bits, port, hostInterfaces, excludedInterfaces }: Agent): Chain {
  const to = formatHostPort({ host: hostIp, port });
  const lead = (match: string): Rule => ({
    match: `${match}-p tcp --dport ${METADATA_PORT} -j DNAT --to-destination ${to}`,
    comment: 'metadata requests of Pods go to the agent',
  });
  const wanted = hostInterfaces.filter(({ negated }) => !negated);
  const left = hostInterfaces.filter(({ negated }) => negated).map((entry) => ({ ...entry, negated: false }));
  return {
    table: 'nat',
    name: 'ROLEGATE',
    layer: 'nat',
    address,
    jumps: [
      {
        base: 'PREROUTING',
        match: `-d ${address}/${bits} -j ROLEGATE`,
        comment: 'rolegate: what goes to the metadata API',
      },
    ],
    rules: [
      ...excludedInterfaces.map(letPass),
      ...left.map((entry) => ({
        match: `-i ${interfaceText(entry)} -j RETURN`,
        comment: 'not led to the agent, and denied by the other layers',
      })),
      ...(wanted.length === 0 ? [lead('')] : wanted.map((entry) => lead(`-i ${interfaceText(entry)} `))),
    ],
  };
}

function denyChain(family: Family, address: string, { excludedInterfaces }: PlanOptions): Chain {
  const [bits, prohibited] =
    family === 'ipv4' ? [32, 'icmp-admin-prohibited'] : [128, 'icmp6-adm-prohibited'];
  const comment = 'what the agent does not answer is refused at once';
  return {
    table: 'filter',
    name: 'ROLEGATE-DENY',
    layer: 'filter',
    address,
    jumps: [
      {
        base: 'FORWARD',
        match: `-d ${address}/${bits} -j ROLEGATE-DENY`,
        comment: 'rolegate: no metadata API beyond this node',
      },
    ],
    rules: [
      ...excludedInterfaces.map(letPass),
      { match: '-p tcp -j REJECT --reject-with tcp-reset', comment },
      { match: `-j REJECT --reject-with ${prohibited}`, comment },
    ],
  };
}

/**
 * Accepts only connections that were redirected from a metadata address, not those opened directly to the agent's port by a Pod
 * or another node.
 */
function inputChain({ family, address, hostIp, bits, port }: Agent): Chain {
  return {
    table: 'filter',
    name: 'ROLEGATE-INPUT',
    layer: 'input',
    address,
    jumps: [
      {
        base: 'INPUT',
        match: `-d ${hostIp}/${bits} -p tcp --dport ${port} -j ROLEGATE-INPUT`,
        comment: 'rolegate: the port of the agent',
      },
    ],
    rules: [
      ...connectionLimitRules(family, address),
      {
        match: `-m conntrack --ctstate DNAT --ctorigdst ${address} -j ACCEPT`,
        comment: 'asked of the metadata address',
      },
      { match: '-j DROP', comment: 'asked of the port itself' },
    ],
  };
}

function letPass(device: string): Rule {
  return { match: `-i ${device} -j RETURN`, comment: GUEST };
}

/** The node's own processes keep access (`iif lo`); packets from elsewhere have no route, whatever iptables says. */
function routeRules(address: string, { excludedInterfaces }: PlanOptions): readonly RouteRule[] {
  return [
    ...['lo', ...excludedInterfaces].map((iif): RouteRule => ({
      priority: LET_PASS_PRIORITY,
      to: address,
      iif,
      action: 'main',
    })),
    { priority: PROHIBIT_PRIORITY, to: address, action: 'prohibit' },
  ];
}

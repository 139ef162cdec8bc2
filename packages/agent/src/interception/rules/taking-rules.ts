import { BlockList, isIPv6 } from 'node:net';
import type { SavedRule, SavedTable } from './saved-rules.ts';

/** A packet that a rule above ours might match: always the first of its flow. */
export interface Packet {
  readonly destination: string;
  /** If present, TCP to this port; otherwise any protocol. */
  readonly tcpPort?: number;
  /** The destination is an address of the node. */
  readonly local: boolean;
}

/** Targets that end a packet's way through the chain. */
const ENDING = new Set([
  'ACCEPT',
  'DROP',
  'REJECT',
  'RETURN',
  'QUEUE',
  'NFQUEUE',
  'DNAT',
  'REDIRECT',
  'NETMAP',
  'TPROXY',
  'MASQUERADE',
]);

/** Targets that redirect a packet. */
const REDIRECTING = new Set(['DNAT', 'REDIRECT', 'NETMAP']);

/**
 * True if the rule, or one in the chains that it jumps to, may redirect the packet. Unknown conditions count as met, and
 * earlier rules of such a chain are ignored.
 */
export function mayRedirect(
  rule: SavedRule,
  table: SavedTable,
  packet: Packet,
  seen = new Set<string>(),
): boolean {
  if (!mayFit(rule.options, packet)) return false;
  if (REDIRECTING.has(rule.options.get('-j') ?? '')) return true;
  const chain = jumpOf(rule, table);
  if (chain === undefined || seen.has(chain)) return false;
  seen.add(chain);
  return (table.get(chain) ?? []).some((next) => mayRedirect(next, table, packet, seen));
}

/** True if the rule itself may end the packet's way. Unknown conditions count as met. */
export function mayTake({ options }: SavedRule, packet: Packet): boolean {
  return ENDING.has(options.get('-j') ?? '') && mayFit(options, packet);
}

/** The chain of the same table that the rule jumps to; such a jump is allowed above ours. */
export function jumpOf({ options }: SavedRule, table: SavedTable): string | undefined {
  const target = options.get('-j') ?? options.get('-g');
  return target !== undefined && table.has(target) ? target : undefined;
}

/** True if the rule is for exactly this address. */
export function namesAddress({ options }: SavedRule, address: string): boolean {
  return options.get('-d') === address || options.get('--ctorigdst') === address;
}

function mayFit(options: SavedRule['options'], { destination, tcpPort, local }: Packet): boolean {
  const to = options.get('-d');
  const notTo = options.get('! -d');
  if (to !== undefined && !contains(to, destination)) return false;
  if (notTo !== undefined && contains(notTo, destination)) return false;
  if (!mayFitType(options, local)) return false;
  if (options.get('-i') === 'lo') return false;
  const states = (options.get('--ctstate') ?? options.get('--state'))?.split(',');
  // A flow whose first packet never passes cannot become established.
  if (states !== undefined && !states.includes('NEW') && !states.includes('DNAT')) return false;
  return tcpPort === undefined || mayFitTcp(options, tcpPort);
}

/** For `-m addrtype`. */
function mayFitType(options: SavedRule['options'], local: boolean): boolean {
  const isLocal = (types: string) => types.split(',').includes('LOCAL');
  const [type, notType] = [options.get('--dst-type'), options.get('! --dst-type')];
  if (notType !== undefined && local && isLocal(notType)) return false;
  return type === undefined || (local ? isLocal(type) : type !== 'LOCAL');
}

function mayFitTcp(options: SavedRule['options'], port: number): boolean {
  const protocol = options.get('-p');
  if (protocol !== undefined && !['tcp', '6', 'all', '0'].includes(protocol)) return false;
  const ports = options.get('--dport') ?? options.get('--dports');
  return ports === undefined || ports.split(',').some((range) => isInRange(port, range));
}

function isInRange(port: number, range: string): boolean {
  const [first = '', last = first] = range.split(':');
  return Number(first) <= port && port <= Number(last === '' ? 65_535 : last);
}

function contains(cidr: string, address: string): boolean {
  const [network = '', bits] = cidr.split('/');
  const family = isIPv6(network) ? 'ipv6' : 'ipv4';
  if (isIPv6(address) !== (family === 'ipv6')) return false;
  try {
    const list = new BlockList();
    list.addSubnet(network, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family);
    return list.check(address, family);
  } catch {
    return true; // an unknown notation, such as a mask that is not a prefix
  }
}

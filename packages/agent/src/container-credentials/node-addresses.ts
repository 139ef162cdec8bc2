import { networkInterfaces } from 'node:os';
import { canonicalIp } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';

/** How often the interfaces are read, at most: with hundreds of them it takes milliseconds. Milliseconds. */
const EVERY_MS = 10_000;

export interface NodeAddressesDeps {
  /** Known without looking. */
  readonly own: readonly string[];
  readonly read?: () => readonly string[];
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** Recognizes the node's own addresses (canonical), from which host-network Pods connect. */
export function createNodeAddresses({
  own,
  read = interfaceAddresses,
  clock,
}: NodeAddressesDeps): (ip: string) => boolean {
  const always = new Set(own.map((ip) => canonicalIp(ip) ?? ip));
  let found: ReadonlySet<string> = new Set();
  let readMs = -Infinity;
  return (ip) => {
    if (always.has(ip)) return true;
    if (clock.monotonic() - readMs >= EVERY_MS) {
      readMs = clock.monotonic();
      found = new Set(read().map((address) => canonicalIp(address) ?? address));
    }
    return found.has(ip);
  };
}

function interfaceAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address));
}

import { isIPv4, isIPv6 } from 'node:net';

/** How the URL parser writes `::ffff:a.b.c.d`. */
const MAPPED = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/**
 * The one form of an address (RFC 5952, v4-mapped unfolded); undefined for what is none. Addresses with a zone are none:
 * a Pod has no such address.
 */
export function canonicalIp(text: string): string | undefined {
  // Node's parser takes no leading zeros: what it takes is canonical already.
  if (isIPv4(text)) return text;
  if (!isIPv6(text) || text.includes('%')) return undefined;
  // The URL standard's serializer is RFC 5952's, but for the dotted form of mapped addresses.
  const canonical = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const mapped = MAPPED.exec(canonical);
  return mapped === null ? canonical : [...octets(mapped[1]), ...octets(mapped[2])].join('.');
}

function octets(group = ''): [number, number] {
  const value = Number.parseInt(group, 16);
  return [value >> 8, value & 255];
}

import { isIPv4, isIPv6 } from 'node:net';

/** How a socket shows an IPv4 peer of an IPv6 listener (RFC 4291, 2.5.5.2). */
const MAPPED = '::ffff:';

/** The canonical form of an address (RFC 5952) without its zone; v4-mapped addresses as IPv4. Undefined if invalid. */
export function canonicalIp(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (text.startsWith(MAPPED) && isIPv4(text.slice(MAPPED.length))) return text.slice(MAPPED.length);
  const [address = ''] = text.split('%', 1);
  if (!isIPv6(address)) return undefined;
  // The URL standard serializes IPv6 like RFC 5952, except v4-mapped addresses, which stay hexadecimal.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  return unmapped(canonical) ?? canonical;
}

function unmapped(canonical: string): string | undefined {
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical) ?? [];
  if (high === undefined || low === undefined) return undefined;
  return [high, low]
    .map((group) => parseInt(group, 16))
    .flatMap((group) => [group >> 8, group & 0xff])
    .join('.');
}

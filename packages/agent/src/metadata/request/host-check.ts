import { isIP, isIPv6 } from 'node:net';
import { canonicalIp } from '@rolegate/runtime';

/** Host headers by which clients speak to the metadata service. Nothing is ever sent to these. */
export const metadataHosts: readonly string[] = [
  '169.254.169.254',
  'fd00:ec2::254',
  // EC2's own DNS answers these two with the address.
  'instance-data',
  'instance-data.ec2.internal',
];

const PORT = /:\d{0,5}$/;
const BRACKETED = /^\[([^\]]*)\](?::\d{0,5})?$/;

/**
 * Tells whether a Host header names one of `hosts`, with or without a port, or is absent: a page whose name was bound to the
 * metadata address by its owner's DNS comes with the name. An address is compared as an address, in any spelling of IPv6; other
 * spellings of IPv4 than the dotted one are only names here, and unknown ones.
 */
export function createHostCheck(hosts: readonly string[]): (header: string | undefined) => boolean {
  const names = new Set(hosts.map((host) => canonicalHost(BRACKETED.exec(host)?.[1] ?? host)));
  return (header) => {
    if (header === undefined || header === '' || names.has(header)) return true;
    return readings(header).some((host) => names.has(canonicalHost(host)));
  };
}

/**
 * The hosts that a header may mean. IPv6 with a port but without brackets (some clients send that) can be read as a longer
 * address too; it is enough if one of the two is known, as no browser leaves the brackets out.
 */
function readings(header: string): string[] {
  if (!header.startsWith('[')) return [header, header.replace(PORT, '')];
  const inner = BRACKETED.exec(header)?.[1];
  return inner !== undefined && isIPv6(inner) ? [inner] : [];
}

/** Names in lower case and without the dot that ends a full name; addresses as RFC 5952 has them. */
function canonicalHost(host: string): string {
  if (isIP(host) !== 0 && !host.includes('%')) return canonicalIp(host) ?? host;
  return host.toLowerCase().replace(/\.$/, '');
}

import { isIP, isIPv6 } from 'node:net';
import { canonicalIp } from '@rolegate/runtime';

/** Host headers that clients of the metadata API send. Nothing is ever sent to these. */
export const metadataHosts: readonly string[] = [
  '169.254.169.254',
  'fd00:ec2::254',
  // EC2's DNS resolves these two to the address.
  'instance-data',
  'instance-data.ec2.internal',
];

const PORT = /:\d{0,5}$/;
const BRACKETED = /^\[([^\]]*)\](?::\d{0,5})?$/;

/**
 * Checks that a Host header names one of `hosts`, with or without a port, or is absent. This stops DNS rebinding: a page whose
 * name resolves to the metadata address sends that name. IPv6 addresses match in any spelling; IPv4 addresses only in dotted
 * form.
 */
export function createHostCheck(hosts: readonly string[]): (header: string | undefined) => boolean {
  const names = new Set(hosts.map((host) => canonicalHost(BRACKETED.exec(host)?.[1] ?? host)));
  return (header) => {
    if (header === undefined || header === '' || names.has(header)) return true;
    return readings(header).some((host) => names.has(canonicalHost(host)));
  };
}

/**
 * The hosts that a header may mean. IPv6 with a port but without brackets, which some clients send, also parses as a longer
 * address; one match is enough, because no browser omits the brackets.
 */
function readings(header: string): string[] {
  if (!header.startsWith('[')) return [header, header.replace(PORT, '')];
  const inner = BRACKETED.exec(header)?.[1];
  return inner !== undefined && isIPv6(inner) ? [inner] : [];
}

/** Names in lower case without the trailing dot; addresses in RFC 5952 form. */
function canonicalHost(host: string): string {
  if (isIP(host) !== 0 && !host.includes('%')) return canonicalIp(host) ?? host;
  return host.toLowerCase().replace(/\.$/, '');
}

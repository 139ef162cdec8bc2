import { canonicalIp } from '@rolegate/runtime';
import { isIPv6 } from 'node:net';

/** Host headers by which SDKs speak to the metadata service. Nothing is ever sent to these. */
export const metadataHosts: readonly string[] = ['169.254.169.254', '[fd00:ec2::254]'];

const HOST_AND_PORT = /^(\[[^\]]*\]|[^:]*)(?::\d{0,5})?$/;

/**
 * Tells whether a Host header names one of `hosts`, with or without a port, or is absent: a page whose name was bound to the
 * metadata address by its owner's DNS comes with the name.
 */
export function createHostCheck(hosts: readonly string[]): (header: string | undefined) => boolean {
  const names = new Set(hosts.map((host) => canonicalHost(isIPv6(host) ? `[${host}]` : host)));
  return (header) => {
    if (header === undefined || header === '' || names.has(header)) return true;
    const name = HOST_AND_PORT.exec(header)?.[1];
    return name !== undefined && name !== '' && names.has(canonicalHost(name));
  };
}

function canonicalHost(host: string): string {
  if (!host.startsWith('[')) return host.toLowerCase();
  const address = host.slice(1, -1);
  return `[${canonicalIp(address) ?? address}]`;
}

import { isIPv6 } from 'node:net';
import { containerCredentials } from '@rolegate/protocol';

/** Not a node's addresses: the wildcards and those of the endpoints. */
const UNFIT = [
  '0.0.0.0',
  '::',
  '169.254.169.254',
  'fd00:ec2::254',
  ...Object.values<string>(containerCredentials.addresses),
];

/** The errors in `--host-ip`, which accepts one address per family. */
export function hostIpFaults(hostIps: readonly string[]): readonly string[] {
  const six = hostIps.filter((ip) => isIPv6(ip));
  const four = hostIps.filter((ip) => !isIPv6(ip));
  const unfit = hostIps.filter((ip) => UNFIT.includes(ip));
  return [
    ...(six.length > 1 || four.length > 1
      ? [
          `--host-ip: ${hostIps.join(', ')} has several addresses of one family; give at most one IPv4 and one IPv6 address`,
        ]
      : []),
    ...unfit.map((ip) => `--host-ip: ${ip} is not an address of the node; give its internal address`),
  ];
}

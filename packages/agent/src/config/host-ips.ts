import { isIPv6 } from 'node:net';

/** No address of a node: every address at once, and those of the metadata API. */
const UNFIT = ['0.0.0.0', '::', '169.254.169.254', 'fd00:ec2::254'];

/** What is wrong with these values of `--host-ip`: it takes one address of each family. */
export function hostIpFaults(hostIps: readonly string[]): readonly string[] {
  const six = hostIps.filter((ip) => isIPv6(ip));
  const four = hostIps.filter((ip) => !isIPv6(ip));
  const unfit = hostIps.filter((ip) => UNFIT.includes(ip));
  return [
    ...(six.length > 1 || four.length > 1
      ? [
          `--host-ip: ${hostIps.join(', ')} are more than one of a family; give one IPv4 and one IPv6 address at most`,
        ]
      : []),
    ...unfit.map((ip) => `--host-ip: ${ip} is no address of the node; give its internal address`),
  ];
}

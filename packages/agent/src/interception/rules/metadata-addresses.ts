/** The IP families, in the order in which they are installed. */
export const families = ['ipv4', 'ipv6'] as const;
export type Family = (typeof families)[number];

/** The addresses of EC2's metadata API (EC2 User Guide, "Access instance metadata"). This code never sends to them by itself. */
export const metadataAddresses: Readonly<Record<Family, string>> = {
  ipv4: '169.254.169.254',
  ipv6: 'fd00:ec2::254',
};

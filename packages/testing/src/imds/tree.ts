/** Documents by path without version. */
export type ImdsTree = Readonly<Record<string, string>>;

/** Strings that show where an answer came from. */
export const SENTINELS = {
  /** The node's own credentials and role, which must never reach a Pod under any setting. */
  never: [
    'SENTINEL-NODE-ROLE',
    'ASIASENTINELNODEKEY0',
    'SENTINEL-NODE-SECRET',
    'SENTINEL-NODE-TOKEN',
    'AIPASENTINELNODE',
    'ASIASENTINELIDENTITY',
    'SENTINEL-IDENTITY-SECRET',
    'SENTINEL-IDENTITY-TOKEN',
  ],
  /** Can reach a Pod only if the operator allowed the path explicitly. */
  unlessAllowed: [
    'SENTINEL-USER-DATA',
    'SENTINEL-SIGNATURE',
    'SENTINEL-PKCS7',
    'SENTINEL-RSA2048',
    'SENTINEL-SSH-KEY',
    'SENTINEL-SIGNER-CERT',
  ],
} as const;

const MAC = '02:29:96:8f:6a:2d';
const MACS = `meta-data/network/interfaces/macs/${MAC}`;

/**
 * Metadata of a node with one interface, a role and two tags. The values are made up (RFC 5737, documentation account).
 */
export const imdsTree: ImdsTree = {
  'user-data': '#!/bin/sh\n# SENTINEL-USER-DATA\n',
  'dynamic/fws/instance-monitoring': 'disabled',
  'dynamic/instance-identity/document': identityDocument(),
  'dynamic/instance-identity/pkcs7': 'SENTINEL-PKCS7',
  'dynamic/instance-identity/rsa2048': 'SENTINEL-RSA2048',
  'dynamic/instance-identity/signature': 'SENTINEL-SIGNATURE',
  'meta-data/ami-id': 'ami-0b69ea66ff7391e80',
  'meta-data/ami-launch-index': '0',
  'meta-data/ami-manifest-path': '(unknown)',
  'meta-data/block-device-mapping/ami': '/dev/xvda',
  'meta-data/block-device-mapping/root': '/dev/xvda',
  'meta-data/events/maintenance/history': '[]',
  'meta-data/events/maintenance/scheduled': '[]',
  'meta-data/hostname': 'ip-192-0-2-10.eu-central-1.compute.internal',
  'meta-data/iam/info': imdsJson({
    Code: 'Success',
    InstanceProfileArn: 'arn:aws:iam::123456789012:instance-profile/SENTINEL-NODE-ROLE',
    InstanceProfileId: 'AIPASENTINELNODE',
  }),
  'meta-data/iam/security-credentials/SENTINEL-NODE-ROLE': imdsJson({
    Code: 'Success',
    Type: 'AWS-HMAC',
    AccessKeyId: 'ASIASENTINELNODEKEY0',
    SecretAccessKey: 'SENTINEL-NODE-SECRET',
    Token: 'SENTINEL-NODE-TOKEN',
    Expiration: '2026-11-23T13:00:00Z',
  }),
  'meta-data/identity-credentials/ec2/info': imdsJson({ Code: 'Success', AccountId: '123456789012' }),
  'meta-data/identity-credentials/ec2/security-credentials/ec2-instance': imdsJson({
    Code: 'Success',
    Type: 'AWS-HMAC',
    AccessKeyId: 'ASIASENTINELIDENTITY',
    SecretAccessKey: 'SENTINEL-IDENTITY-SECRET',
    Token: 'SENTINEL-IDENTITY-TOKEN',
    Expiration: '2026-11-23T13:00:00Z',
  }),
  'meta-data/instance-action': 'none',
  'meta-data/instance-id': 'i-1234567890abcdef0',
  'meta-data/instance-life-cycle': 'on-demand',
  'meta-data/instance-type': 'm6i.large',
  'meta-data/local-hostname': 'ip-192-0-2-10.eu-central-1.compute.internal',
  'meta-data/local-ipv4': '192.0.2.10',
  'meta-data/mac': MAC,
  'meta-data/managed-ssh-keys/signer-cert': 'SENTINEL-SIGNER-CERT',
  'meta-data/metrics/vhostmd': '<?xml version="1.0" encoding="UTF-8"?>',
  [`${MACS}/device-number`]: '0',
  [`${MACS}/interface-id`]: 'eni-0f95d3625f5c521cc',
  [`${MACS}/local-ipv4s`]: '192.0.2.10',
  [`${MACS}/mac`]: MAC,
  [`${MACS}/owner-id`]: '123456789012',
  [`${MACS}/security-group-ids`]: 'sg-0b07f8f6cb485d4df',
  [`${MACS}/subnet-id`]: 'subnet-0ac62554',
  [`${MACS}/subnet-ipv4-cidr-block`]: '192.0.2.0/25',
  [`${MACS}/vpc-id`]: 'vpc-02ef48d8',
  [`${MACS}/vpc-ipv4-cidr-block`]: '192.0.2.0/24',
  [`${MACS}/vpc-ipv4-cidr-blocks`]: '192.0.2.0/24\n198.51.100.0/24',
  'meta-data/placement/availability-zone': 'eu-central-1a',
  'meta-data/placement/availability-zone-id': 'euc1-az2',
  'meta-data/placement/region': 'eu-central-1',
  'meta-data/profile': 'default-hvm',
  'meta-data/public-keys/0/openssh-key': 'ssh-ed25519 SENTINEL-SSH-KEY my-key',
  'meta-data/reservation-id': 'r-0efadfdf5a8a3b6a9',
  'meta-data/security-groups': 'nodes',
  'meta-data/services/domain': 'amazonaws.com',
  'meta-data/services/partition': 'aws',
  'meta-data/system': 'nitro',
  'meta-data/tags/instance/Name': 'node-1',
  'meta-data/tags/instance/team=owner': 'a',
};

/** The children of a directory, one per line, directories with a slash. Undefined if there are none. */
export function directoryOf(documents: ReadonlyMap<string, string>, path: string): string | undefined {
  // Only the keys are listed with their names.
  if (path === 'meta-data/public-keys' && documents.has(`${path}/0/openssh-key`)) return '0=my-key';
  const prefix = path === '' ? '' : `${path}/`;
  const children = [...documents.keys()]
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length).replace(/\/.*$/, '/'));
  return children.length === 0 ? undefined : [...new Set(children)].sort().join('\n');
}

function identityDocument(): string {
  return imdsJson({
    accountId: '123456789012',
    architecture: 'x86_64',
    availabilityZone: 'eu-central-1a',
    imageId: 'ami-0b69ea66ff7391e80',
    instanceId: 'i-1234567890abcdef0',
    instanceType: 'm6i.large',
    pendingTime: '2026-11-20T12:12:12Z',
    privateIp: '192.0.2.10',
    region: 'eu-central-1',
    version: '2017-09-30',
  });
}

function imdsJson(members: Readonly<Record<string, string>>): string {
  const lines = Object.entries(members).map(([name, value]) => `  "${name}" : "${value}"`);
  return `{\n${lines.join(',\n')}\n}`;
}

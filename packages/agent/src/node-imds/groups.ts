import type { MetadataGroup } from '@rolegate/protocol';

/** The only file that is always served: the node's own if its group is open, otherwise a reduced one made by the agent. */
export const IDENTITY_DOCUMENT = 'dynamic/instance-identity/document';

/** Whether the content of the group's files is constant while the instance runs. */
export const staysTheSame: Readonly<Record<MetadataGroup, boolean>> = {
  placement: true,
  'identity-document': true,
  instance: true,
  network: false,
  tags: false,
};

/**
 * The closed lists (EC2 User Guide, "Instance metadata categories"), without version. `<mac>` and `<tag>` stand for one segment
 * each, which the node's directory must contain. They contain nothing of the node's identity.
 */
export const groupPaths: Readonly<Record<MetadataGroup, readonly string[]>> = {
  placement: below('meta-data/placement', [
    'availability-zone',
    'availability-zone-id',
    'group-name',
    'host-id',
    'partition-number',
    'region',
  ]),
  'identity-document': [IDENTITY_DOCUMENT],
  instance: below('meta-data', [
    'ami-id',
    'ami-launch-index',
    'autoscaling/target-lifecycle-state',
    'events/maintenance/history',
    'events/maintenance/scheduled',
    'events/recommendations/rebalance',
    'hostname',
    'instance-action',
    'instance-id',
    'instance-life-cycle',
    'instance-type',
    'local-hostname',
    'reservation-id',
    'services/domain',
    'services/partition',
    'spot/instance-action',
    'spot/termination-time',
    'system',
  ]),
  network: [
    ...below('meta-data', ['ipv6', 'local-ipv4', 'mac', 'public-hostname', 'public-ipv4', 'security-groups']),
    ...below('meta-data/network/interfaces/macs/<mac>', [
      'device-number',
      'interface-id',
      'ipv4-prefix',
      'ipv6-prefix',
      'ipv6s',
      'local-hostname',
      'local-ipv4s',
      'mac',
      'network-card',
      'owner-id',
      'public-hostname',
      'public-ipv4s',
      'security-group-ids',
      'security-groups',
      'subnet-id',
      'subnet-ipv4-cidr-block',
      'subnet-ipv6-cidr-blocks',
      'vpc-id',
      'vpc-ipv4-cidr-block',
      'vpc-ipv4-cidr-blocks',
      'vpc-ipv6-cidr-blocks',
    ]),
  ],
  tags: ['meta-data/tags/instance/<tag>'],
};

/** Known paths outside all groups: only `--allow-path` can open them. */
export const ungroupedPaths: readonly string[] = [
  ...below('dynamic', [
    'fws/instance-monitoring',
    'instance-identity/pkcs7',
    'instance-identity/rsa2048',
    'instance-identity/signature',
  ]),
  ...below('meta-data', [
    'ami-manifest-path',
    'ancestor-ami-ids',
    'block-device-mapping/ami',
    'block-device-mapping/root',
    'block-device-mapping/swap',
    'kernel-id',
    'managed-ssh-keys/signer-cert',
    'metrics/vhostmd',
    'product-codes',
    'public-keys/0/openssh-key',
    'ramdisk-id',
  ]),
  'user-data',
];

/** The node's own credentials: never requested from the node and never served, whatever `--allow-path` says. */
const NODE_CREDENTIALS = ['meta-data/iam', 'meta-data/identity-credentials'];

/** True for the directories of the node's own credentials and everything in them. */
export function isNodeCredentials(path: string): boolean {
  return NODE_CREDENTIALS.some((directory) => path === directory || path.startsWith(`${directory}/`));
}

function below(directory: string, leaves: readonly string[]): readonly string[] {
  return leaves.map((leaf) => `${directory}/${leaf}`);
}

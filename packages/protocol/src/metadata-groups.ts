/**
 * Groups of other metadata that Pods may read: the values of `--metadata-groups` and `rolegate.dev/metadata` (DESIGN.md
 * 4.3).
 */
export const metadataGroups = ['placement', 'identity-document', 'instance', 'network', 'tags'] as const;
export type MetadataGroup = (typeof metadataGroups)[number];

import type { Memory } from '@rolegate/runtime';

/**
 * Everything that the server remembers by names that others choose, as labels of `rolegate_remembered_names`. What is bounded by
 * existing objects or connections is not included (docs/adr/0014).
 */
export const memoryKinds = [
  'attestation_sources',
  'attested_tokens',
  'attesting_pods',
  'audit_sources',
  'calling_nodes',
  'changed_nodes',
  'connecting_addresses',
  'doubted_objects',
  'event_subjects',
  'failed_sessions',
  'gone_nodes',
  'missing_agent_pods',
  'missing_objects',
  'object_names',
  'opening_nodes',
  'refused_pod_tokens',
  'refused_tokens',
  'reporting_nodes',
  'resolving_nodes',
  'reviewed_pods',
  'reviewing_nodes',
  'shortened_roles',
  'unreadable_objects',
] as const;
export type MemoryKind = (typeof memoryKinds)[number];

export type ServerMemory = Memory<MemoryKind>;

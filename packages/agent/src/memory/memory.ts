import type { Memory } from '@rolegate/runtime';

/**
 * Everything that the agent remembers by names that others choose, as `rolegate_remembered_names` calls it; what is as many as
 * the Pods, addresses, files or connections that are there is not among it (docs/adr/0014).
 */
export const memoryKinds = [
  'addresses_given',
  'addresses_released',
  'first_requests',
  'heads',
  'pods_contradicted',
  'pods_gone',
  'pods_returned',
  'results_unknown',
  'routes',
  'tokens',
] as const;
export type MemoryKind = (typeof memoryKinds)[number];

export type AgentMemory = Memory<MemoryKind>;

import type { Memory } from '@rolegate/runtime';

/**
 * All that the agent remembers under names chosen by others, by the labels of `rolegate_remembered_names`. What is bounded by
 * the existing Pods, addresses, files or connections is not included (docs/adr/0014).
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
  'service_account_token_clients',
  'service_account_tokens',
  'tokens',
] as const;
export type MemoryKind = (typeof memoryKinds)[number];

export type AgentMemory = Memory<MemoryKind>;

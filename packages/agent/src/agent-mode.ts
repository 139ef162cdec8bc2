import type { ReadyCheck, Service } from '@rolegate/runtime';
import type { AnswerMetricsDeps } from './answer-metrics.ts';
import type { MetadataServerDeps } from './metadata/server.ts';

/** What a mode of the agent puts behind the metadata server. */
export interface AgentMode extends Pick<MetadataServerDeps, 'callers' | 'table' | 'onUnknownIp'> {
  readonly reporter: AnswerMetricsDeps['reporter'];
  /** Of readiness. */
  readonly checks: readonly ReadyCheck[];
  readonly services: readonly Service[];
}

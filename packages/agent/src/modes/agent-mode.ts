import type { ReadyCheck, Service } from '@rolegate/runtime';
import type { AnswerMetricsDeps } from '../metrics/answer-metrics.ts';
import type { MetadataServerDeps } from '../metadata/server.ts';
import type { SavedState } from '../state/saved-state.ts';
import type { ModeReadings } from '../status/readings.ts';

/** What a mode of the agent puts behind the metadata server. */
export interface AgentMode extends Pick<MetadataServerDeps, 'callers' | 'table' | 'onUnknownIp'> {
  readonly reporter: AnswerMetricsDeps['reporter'];
  /** The feed names the Pod (a UID, or namespace/name). */
  readonly isNamed: (pod: string) => boolean;
  /** True once it knows as much as another agent of the node does. */
  readonly canAnswer: () => boolean;
  /** What of it outlives the process. */
  readonly kept: () => SavedState;
  /** Of readiness. */
  readonly checks: readonly ReadyCheck[];
  readonly services: readonly Service[];
  /** For `rolegate-agent status`. */
  readonly readings: ModeReadings;
}

import type { ReadyCheck, Service } from '@rolegate/runtime';
import type { AnswerMetricsDeps } from '../metrics/answer-metrics.ts';
import type { PodTable } from '../feed/table/pod-table.ts';
import type { PodServerDeps } from '../pod-http/pod-server.ts';
import type { SavedState } from '../state/saved-state.ts';
import type { ModeReadings } from '../status/readings.ts';
import type { TokenSources } from './token-sources.ts';

/** What a mode provides to the server for Pods. */
export interface AgentMode extends Pick<PodServerDeps, 'callers' | 'onUnknownIp'> {
  readonly table: Pick<PodTable, 'pod' | 'isRemoved' | 'session' | 'onChange'>;
  readonly reporter: AnswerMetricsDeps['reporter'];
  /** Undefined if the agent does not serve container credentials. */
  readonly tokenSources: TokenSources | undefined;
  /** True if the feed names the Pod (a UID, or namespace/name). */
  readonly isNamed: (pod: string) => boolean;
  /** True once it knows as much as another agent of the node. */
  readonly canAnswer: () => boolean;
  /** The state to save. */
  readonly kept: () => SavedState;
  /** For readiness. */
  readonly checks: readonly ReadyCheck[];
  readonly services: readonly Service[];
  /** For `rolegate-agent status`. */
  readonly readings: ModeReadings;
}

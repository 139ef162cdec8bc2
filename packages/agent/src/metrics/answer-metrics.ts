import type { Reporter } from '../feed/report.ts';
import type { AnswerMetrics } from '../pod-http/answer/record.ts';
import type { createAgentMetrics } from './metrics.ts';

export interface AnswerMetricsDeps {
  readonly metrics: Pick<
    ReturnType<typeof createAgentMetrics>,
    'answered' | 'imdsv1' | 'firstRequest' | 'held'
  >;
  /** Undefined: nothing is reported to a server. */
  readonly reporter: Pick<Reporter, 'answered' | 'used' | 'firstDelivery'> | undefined;
}

/** Counts each answer and collects what the next report to the server needs. */
export function createAnswerMetrics({ metrics, reporter }: AnswerMetricsDeps): AnswerMetrics {
  return {
    answered({
      route,
      status,
      reason = '',
      durationMs,
      sdk,
      imds,
      firstRequest,
      sessionId,
      uid,
      first,
      sinceFirstRequestMs = 0,
    }) {
      metrics.answered({ route, status, reason }, durationMs / 1000);
      if (imds === 'v1') metrics.imdsv1();
      if (firstRequest) metrics.firstRequest(outcomeOf(status), sdk);
      reporter?.answered(reason);
      if (reporter === undefined || sessionId === undefined) return;
      reporter.used(sessionId);
      if (first && uid !== undefined) {
        reporter.firstDelivery({ podUid: uid, sessionId, heldMs: Math.round(sinceFirstRequestMs) });
      }
    },
    held: metrics.held,
  };
}

function outcomeOf(status: number): 'served' | 'refused' | 'failed' {
  if (status === 200) return 'served';
  return status === 503 ? 'failed' : 'refused';
}

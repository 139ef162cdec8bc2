import type { AgentReport, FirstDelivery } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';

/** How often the agent tells the server what happened. */
const EVERY_MS = 10_000;
/** First deliveries kept for one report; a node has fewer Pods. */
const MOST_DELIVERIES = 1_024;

export interface Reporter {
  /** A Pod asked for the credentials of a session. */
  used(sessionId: string): void;
  /** An answer was given; reason '' for success. */
  answered(reason: string): void;
  firstDelivery(delivery: FirstDelivery): void;
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** Gathers what Pods did since the last report; what could not be sent goes with the next one. */
export function createReporter({
  send,
  clock,
}: {
  send: (report: AgentReport) => boolean;
  clock: Clock;
}): Reporter {
  const usedSessions = new Set<string>();
  const answers = new Map<string, number>();
  let deliveries: FirstDelivery[] = [];

  function flush(): void {
    if (usedSessions.size + answers.size + deliveries.length === 0) return;
    const report = {
      usedSessionIds: [...usedSessions],
      answersByReason: Object.fromEntries(answers),
      firstDeliveries: deliveries,
    };
    if (!send(report)) return;
    usedSessions.clear();
    answers.clear();
    deliveries = [];
  }

  return {
    used: (sessionId) => usedSessions.add(sessionId),
    answered(reason) {
      answers.set(reason, (answers.get(reason) ?? 0) + 1);
    },
    firstDelivery(delivery) {
      if (deliveries.length < MOST_DELIVERIES) deliveries.push(delivery);
    },
    async run(signal) {
      while (!signal.aborted) {
        await clock.sleep(EVERY_MS, signal);
        flush();
      }
    },
  };
}

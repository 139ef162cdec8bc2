import type { AgentReport, FirstDelivery } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import type { InterceptionReport } from './interception-report.ts';

/** How often the agent tells the server what happened. */
const EVERY_MS = 10_000;
/** Pods ask for credentials that are not there: the server, which let them lapse, is told sooner. */
const SOON_MS = 1_000;
/** First deliveries kept for one report: a node has fewer Pods, and more would not fit into the 64 KiB that a server reads. */
const MOST_DELIVERIES = 512;

export interface Reporter {
  /** A Pod asked for the credentials of a session. */
  used(sessionId: string): void;
  /** An answer was given; reason '' for success. */
  answered(reason: string): void;
  firstDelivery(delivery: FirstDelivery): void;
  readonly run: (signal: AbortSignal) => Promise<void>;
}

export interface ReporterDeps {
  /** False where there is nobody to send it to. */
  readonly send: (report: AgentReport) => boolean;
  /** Notes that a Pod has asked for a session; false where there are no valid credentials for it. */
  readonly asked: (sessionId: string) => boolean;
  /** Undefined: the agent is told nothing of it. */
  readonly interception?: Pick<InterceptionReport, 'next'> | undefined;
  readonly clock: Clock;
}

/** Gathers what Pods did since the last report; what could not be sent goes with the next one. */
export function createReporter({ send, asked, interception, clock }: ReporterDeps): Reporter {
  const usedSessions = new Set<string>();
  const answers = new Map<string, number>();
  let deliveries: FirstDelivery[] = [];
  let sentMs = -Infinity;
  let cancelSoon: (() => void) | undefined;

  function flush(): void {
    const layers = interception?.next();
    if (layers === undefined && usedSessions.size + answers.size + deliveries.length === 0) return;
    const report = {
      ...(layers && { interception: layers.interception }),
      usedSessionIds: [...usedSessions],
      answersByReason: Object.fromEntries(answers),
      firstDeliveries: deliveries,
    };
    if (!send(report)) return;
    sentMs = clock.monotonic();
    layers?.sent();
    usedSessions.clear();
    answers.clear();
    deliveries = [];
  }

  /** At once, unless that was so a moment ago. */
  function soon(): void {
    cancelSoon ??= clock.schedule(Math.max(0, sentMs + SOON_MS - clock.monotonic()), () => {
      cancelSoon = undefined;
      flush();
    });
  }

  return {
    used(sessionId) {
      usedSessions.add(sessionId);
      if (!asked(sessionId)) soon();
    },
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
      cancelSoon?.();
    },
  };
}

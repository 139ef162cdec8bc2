import type { AgentReport, FirstDelivery, Interception } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import type { StateReport } from './state-report.ts';

/** How often the agent reports to the server. */
const EVERY_MS = 10_000;
/** Used if Pods request credentials that are not cached: the server let them expire and should learn sooner. */
const SOON_MS = 1_000;
/** First deliveries per report: more than a node's Pods; a longer report would exceed the 64 KiB that a server accepts. */
const MOST_DELIVERIES = 512;

export interface Reporter {
  /** A Pod requested the credentials of a session. */
  used(sessionId: string): void;
  /** An answer was given; reason '' for success. */
  answered(reason: string): void;
  firstDelivery(delivery: FirstDelivery): void;
  /** The agent began or stopped to serve container credentials: decisions depend on it, so it is reported soon. */
  readonly servingChanged: () => void;
  readonly run: (signal: AbortSignal) => Promise<void>;
}

export interface ReporterDeps {
  /** False if no stream is open. */
  readonly send: (report: AgentReport) => boolean;
  /** Records that a Pod requested a session; false if it has no valid credentials. */
  readonly asked: (sessionId: string) => boolean;
  /** Undefined: the state of the interception is not known. */
  readonly interception?: Pick<StateReport<Interception>, 'next'> | undefined;
  /** Whether the agent serves container credentials. Undefined: it never does. */
  readonly serving?: Pick<StateReport<boolean>, 'next'> | undefined;
  readonly clock: Clock;
}

/** Collects what Pods did since the last report. What could not be sent is included in the next one. */
export function createReporter({ send, asked, interception, serving, clock }: ReporterDeps): Reporter {
  const usedSessions = new Set<string>();
  const answers = new Map<string, number>();
  let deliveries: FirstDelivery[] = [];
  let sentMs = -Infinity;
  let cancelSoon: (() => void) | undefined;

  function flush(): void {
    const layers = interception?.next();
    const serves = serving?.next();
    const isChanged = layers !== undefined || serves !== undefined;
    if (!isChanged && usedSessions.size + answers.size + deliveries.length === 0) return;
    const report = {
      ...(layers && { interception: layers.state }),
      ...(serves && { servesContainerCredentials: serves.state }),
      usedSessionIds: [...usedSessions],
      answersByReason: Object.fromEntries(answers),
      firstDeliveries: deliveries,
    };
    if (!send(report)) return;
    sentMs = clock.monotonic();
    layers?.sent();
    serves?.sent();
    usedSessions.clear();
    answers.clear();
    deliveries = [];
  }

  /** Sends now, unless a report was sent a moment ago. */
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
    servingChanged: soon,
    async run(signal) {
      while (!signal.aborted) {
        await clock.sleep(EVERY_MS, signal);
        flush();
      }
      cancelSoon?.();
    },
  };
}

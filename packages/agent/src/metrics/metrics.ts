import { createMeters } from '@rolegate/runtime';
import { createInterceptionMetrics } from './interception-metrics.ts';
import type { InterceptionReadings } from './interception-metrics.ts';
import { agentMetrics } from './table.ts';

/** Read at each scrape. */
export interface AgentReadings {
  readonly feedConnected: () => boolean;
  /** Seconds since the feed was lost; 0 while connected. */
  readonly feedStaleSeconds: () => number;
  readonly sessions: () => Readonly<Record<string, number>>;
  readonly minRemainingSeconds: () => number | undefined;
  readonly certificateExpirySeconds: () => Readonly<Record<string, number>>;
  readonly clockSkewSeconds: () => number;
}

/** The labels of one answer, each from a closed set. */
interface AnswerLabels {
  readonly route: string;
  readonly status: number;
  /** '' for success. */
  readonly reason: string;
}

/** The agent's metrics. */
export function createAgentMetrics({ version }: { version: string }) {
  const meters = createMeters(agentMetrics);
  const { registry, counter, gauge, histogram, count, countBy, readGauge, readGauges } = meters;
  const answers = createAnswerCounts();
  counter('rolegate_requests_total', (counted) => {
    counted.reset();
    for (const [{ route, status, reason }, times] of answers.all())
      counted.inc({ route, status, reason }, times);
  });
  const duration = histogram('rolegate_request_duration_seconds');
  const firstRequests = counter('rolegate_first_request_total');
  const held = countBy('rolegate_holds_total');
  const imdsv1 = count('rolegate_imdsv1_requests_total');
  const limitHit = countBy('rolegate_limit_hits_total');
  const attested = countBy('rolegate_attestations_total');
  const badCniResult = count('rolegate_cni_results_bad_total');
  const ipSource = gauge('rolegate_ip_source');
  gauge('rolegate_build_info').set({ version }, 1);

  return {
    registry,
    answered(labels: AnswerLabels, durationSeconds: number): void {
      answers.add(labels);
      duration.observe({ route: labels.route }, durationSeconds);
    },
    firstRequest: (outcome: string, sdk: string) => {
      firstRequests.inc({ outcome, sdk });
    },
    held,
    limitHit,
    imdsv1,
    attested,
    badCniResult,
    ipSource(source: 'cni' | 'pod-status'): void {
      ipSource.set({ source: 'cni' }, source === 'cni' ? 1 : 0);
      ipSource.set({ source: 'pod-status' }, source === 'pod-status' ? 1 : 0);
    },
    /** Sizes of what is remembered under names chosen by others, by kind: see memory.ts. */
    readMemory(sizes: () => Readonly<Record<string, number>>): void {
      readGauges('rolegate_remembered_names', sizes);
    },
    /** With `--container-credentials` only. */
    readContainerCredentials(isServed: () => boolean): void {
      readGauge('rolegate_container_credentials_listening', () => (isServed() ? 1 : 0));
    },
    /** With `--container-credentials` only. */
    readIssuerKeys(count: () => number): void {
      readGauge('rolegate_issuer_keys', count);
    },
    /** With `reconcile` only. */
    readInterception: (readings: InterceptionReadings) => createInterceptionMetrics(meters, readings),
    /** Connects the gauges of the feed, which are read at each scrape. */
    read(readings: AgentReadings): void {
      readGauge('rolegate_feed_connected', () => (readings.feedConnected() ? 1 : 0));
      readGauge('rolegate_feed_stale_seconds', readings.feedStaleSeconds);
      readGauge('rolegate_credentials_min_remaining_seconds', readings.minRemainingSeconds);
      readGauge('rolegate_clock_skew_seconds', readings.clockSkewSeconds);
      readGauges('rolegate_sessions', readings.sessions);
      readGauges('rolegate_certificate_expiry_seconds', readings.certificateExpirySeconds);
    },
  };
}

interface AnswerCounts {
  readonly add: (labels: AnswerLabels) => void;
  readonly all: () => readonly (readonly [labels: AnswerLabels, count: number])[];
}

/** Counts answers by their labels. A counter of prom-client takes ten times as long. */
function createAnswerCounts(): AnswerCounts {
  const routes = new Map<string, Map<number, Map<string, number>>>();

  return {
    add({ route, status, reason }) {
      let statuses = routes.get(route);
      if (statuses === undefined) routes.set(route, (statuses = new Map<number, Map<string, number>>()));
      let reasons = statuses.get(status);
      if (reasons === undefined) statuses.set(status, (reasons = new Map<string, number>()));
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    },
    all: () =>
      [...routes].flatMap(([route, statuses]) =>
        [...statuses].flatMap(([status, reasons]) =>
          [...reasons].map(([reason, count]) => [{ route, status, reason }, count] as const),
        ),
      ),
  };
}

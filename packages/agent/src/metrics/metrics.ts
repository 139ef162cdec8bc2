import { readGauge, readGauges } from '@rolegate/runtime';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { createAnswerCounts } from './answer-counts.ts';
import type { AnswerLabels } from './answer-counts.ts';
import { createInterceptionMetrics } from './interception-metrics.ts';
import type { InterceptionReadings } from './interception-metrics.ts';

/** What the gauges read at each scrape. */
export interface AgentReadings {
  readonly feedConnected: () => boolean;
  /** Seconds since the feed was lost; 0 while it is there. */
  readonly feedStaleSeconds: () => number;
  readonly sessions: () => Readonly<Record<string, number>>;
  readonly minRemainingSeconds: () => number | undefined;
  readonly certificateExpirySeconds: () => Readonly<Record<string, number>>;
  readonly clockSkewSeconds: () => number;
}

/** 0.1 ms to 1.6 s: from memory it takes less than one, and no SDK waits longer than a second. */
const DURATION_BUCKETS_SECONDS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.2, 0.4, 0.85, 1.6];

/** Every metric of the agent (DESIGN.md 4.9). Labels are closed sets: never a Pod or a role. */
export function createAgentMetrics({ version }: { version: string }) {
  const registry = new Registry();
  const registers = [registry];
  const answers = createAnswerCounts();
  new Counter({
    name: 'rolegate_requests_total',
    help: 'Answers to Pods by route, status and reason ("" for success).',
    labelNames: ['route', 'status', 'reason'],
    registers,
    collect() {
      this.reset();
      for (const [{ route, status, reason }, count] of answers.all())
        this.inc({ route, status, reason }, count);
    },
  });
  const duration = new Histogram({
    name: 'rolegate_request_duration_seconds',
    help: 'From the request to its answer, holds included.',
    labelNames: ['route'],
    buckets: DURATION_BUCKETS_SECONDS,
    registers,
  });
  const firstRequests = new Counter({
    name: 'rolegate_first_request_total',
    help: "Pods' first requests for credentials by outcome (served, refused, failed) and SDK.",
    labelNames: ['outcome', 'sdk'],
    registers,
  });
  const holds = new Counter({
    name: 'rolegate_holds_total',
    help: 'Held requests by outcome: served, refused, timeout, gone.',
    labelNames: ['outcome'],
    registers,
  });
  const imdsv1 = new Counter({
    name: 'rolegate_imdsv1_requests_total',
    help: 'Requests without a metadata token (IMDSv1).',
    registers,
  });
  const limitHits = new Counter({
    name: 'rolegate_limit_hits_total',
    help: 'Connections and requests that met a limit, by limit.',
    labelNames: ['limit'],
    registers,
  });
  const attestations = new Counter({
    name: 'rolegate_attestations_total',
    help: 'Attempts to get a certificate from a server by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  const badCniResults = new Counter({
    name: 'rolegate_cni_results_bad_total',
    help: 'CNI result files that cannot be read.',
    registers,
  });
  const ipSource = new Gauge({
    name: 'rolegate_ip_source',
    help: '1 for what tells who holds an IP: the CNI results, or status.podIP as the fallback.',
    labelNames: ['source'],
    registers,
  });
  new Gauge({ name: 'rolegate_build_info', help: 'Always 1.', labelNames: ['version'], registers }).set(
    { version },
    1,
  );

  return {
    registry,
    answered(labels: AnswerLabels, durationSeconds: number): void {
      answers.add(labels);
      duration.observe({ route: labels.route }, durationSeconds);
    },
    firstRequest: (outcome: string, sdk: string) => {
      firstRequests.inc({ outcome, sdk });
    },
    held: (outcome: string) => {
      holds.inc({ outcome });
    },
    limitHit: (limit: string, times = 1) => {
      limitHits.inc({ limit }, times);
    },
    imdsv1: () => {
      imdsv1.inc();
    },
    attested: (outcome: string) => {
      attestations.inc({ outcome });
    },
    badCniResult: () => {
      badCniResults.inc();
    },
    ipSource(source: 'cni' | 'pod-status'): void {
      ipSource.set({ source: 'cni' }, source === 'cni' ? 1 : 0);
      ipSource.set({ source: 'pod-status' }, source === 'pod-status' ? 1 : 0);
    },
    /** What is remembered by names that others choose, by kind: see memory.ts. */
    readMemory(sizes: () => Readonly<Record<string, number>>): void {
      readGauges(
        registry,
        'rolegate_remembered_names',
        'Names that others choose and that are remembered for a time, by what for.',
        'of',
        sizes,
      );
    },
    /** With a reader only. */
    readInterception: (readings: InterceptionReadings) => createInterceptionMetrics(registry, readings),
    /** Connects the gauges of the feed, which are read at each scrape. */
    read(readings: AgentReadings): void {
      readGauge(registry, 'rolegate_feed_connected', '1 while the feed is open and complete.', () =>
        readings.feedConnected() ? 1 : 0,
      );
      readGauge(
        registry,
        'rolegate_feed_stale_seconds',
        'Since the feed was lost; 0 while it is there.',
        readings.feedStaleSeconds,
      );
      readGauge(
        registry,
        'rolegate_credentials_min_remaining_seconds',
        'Life left of the credentials that end first.',
        readings.minRemainingSeconds,
      );
      readGauge(
        registry,
        'rolegate_clock_skew_seconds',
        "The node's clock against the server's.",
        readings.clockSkewSeconds,
      );
      readGauges(registry, 'rolegate_sessions', 'Sessions held, by state.', 'state', readings.sessions);
      readGauges(
        registry,
        'rolegate_certificate_expiry_seconds',
        'Until the certificate ends.',
        'certificate',
        readings.certificateExpirySeconds,
      );
    },
  };
}

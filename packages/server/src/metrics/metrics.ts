import { handshakeFaults } from '@rolegate/protocol';
import type { HandshakeFault, Reason } from '@rolegate/protocol';
import { readCounter, readGauge, readGauges } from '@rolegate/runtime';
import { Counter, Gauge, Registry } from 'prom-client';
import type { AnswerLabel } from '../feed/reports/reception.ts';
import { olderSecretKinds } from '../identity/authority/merge.ts';
import type { OlderSecret } from '../identity/authority/merge.ts';
import { limitNames } from '../limits/limits.ts';
import type { LimitName } from '../limits/limits.ts';

/** The kinds that the server watches. */
export const watchedKinds = ['Pod', 'Namespace', 'ServiceAccount', 'Node'] as const;

/** What the gauges read at each scrape. */
export interface ServerReadings {
  readonly connectedNodes: () => number;
  readonly sessions: () => Readonly<Record<string, number>>;
  readonly minRemainingSeconds: () => number | undefined;
  readonly stsBudgetWaiting: () => number;
  readonly watchAgeSeconds: () => Readonly<Record<string, number>>;
  readonly certificateExpirySeconds: () => Readonly<Record<string, number>>;
  readonly ownCredentialsSeconds: () => Readonly<Record<string, number>>;
  readonly ownCredentialsOk: () => boolean;
  /** Since the start. */
  readonly decisionsMade: () => number;
  readonly decisionsWaiting: () => number;
  /** By kind: see memory.ts. */
  readonly rememberedNames: () => Readonly<Record<string, number>>;
}

/** Every metric of the server (DESIGN.md 4.9). Labels are closed sets: never a Pod or a role. */
export function createServerMetrics({ version }: { version: string }) {
  const registry = new Registry();
  const registers = [registry];
  const decisions = new Counter({
    name: 'rolegate_decisions_total',
    help: 'Decisions on Pods of connected nodes, when they changed, by reason (Allowed for a permitted role).',
    labelNames: ['reason'],
    registers,
  });
  const auditRefusals = new Counter({
    name: 'rolegate_audit_refusals_total',
    help: 'Allowed under --namespace-policy audit, by the reason for which enforce would refuse.',
    labelNames: ['reason'],
    registers,
  });
  const foreignNode = new Counter({
    name: 'rolegate_foreign_node_total',
    help: 'Calls of agents refused because they were for another node. Any is worth an alarm.',
    registers,
  });
  const stsRequests = new Counter({
    name: 'rolegate_sts_requests_total',
    help: 'AssumeRole calls by outcome: ok, or the reason of the failure.',
    labelNames: ['class'],
    registers,
  });
  const watchEvents = new Counter({
    name: 'rolegate_watch_events_total',
    help: 'Objects received from the API server.',
    labelNames: ['kind', 'type'],
    registers,
  });
  const relists = new Counter({
    name: 'rolegate_relists_total',
    help: 'Lists that had to be made again, by why.',
    labelNames: ['kind', 'why'],
    registers,
  });
  const limitHits = new Counter({
    name: 'rolegate_limit_hits_total',
    help: 'Times a limit was met, by limit.',
    labelNames: ['limit'],
    registers,
  });
  for (const limit of limitNames) limitHits.inc({ limit }, 0);
  const refusedHandshakes = new Counter({
    name: 'rolegate_refused_handshakes_total',
    help: 'TLS handshakes on the gRPC ports that came to nothing, by why; those closed at a limit apart.',
    labelNames: ['why'],
    registers,
  });
  for (const why of handshakeFaults) refusedHandshakes.inc({ why }, 0);
  const agentAnswers = new Counter({
    name: 'rolegate_agent_answers_total',
    help: 'Answers that agents report, by reason ("" for success, other for faults of requests and reasons of newer agents).',
    labelNames: ['reason'],
    registers,
  });
  const attestations = new Counter({
    name: 'rolegate_attestations_total',
    help: 'Attestations of agents by outcome: ok, or the reason of the refusal.',
    labelNames: ['outcome'],
    registers,
  });
  const sharedIdentity = new Gauge({
    name: 'rolegate_shared_identity',
    help: '1 under --agent-identity shared: an agent is whichever node it says.',
    registers,
  });
  const authorityOlder = new Counter({
    name: 'rolegate_authority_secret_older_total',
    help: 'Times the authority Secret was not newer than what this replica knew, and was merged.',
    labelNames: ['found'],
    registers,
  });
  for (const found of olderSecretKinds) authorityOlder.inc({ found }, 0);
  const streams = new Gauge({ name: 'rolegate_feed_streams', help: 'Open feed streams.', registers });
  new Gauge({ name: 'rolegate_build_info', help: 'Always 1.', labelNames: ['version'], registers }).set(
    { version },
    1,
  );

  return {
    registry,
    decision: (reason: Reason | 'Allowed') => {
      decisions.inc({ reason });
    },
    auditRefusal: (reason: Reason) => {
      auditRefusals.inc({ reason });
    },
    foreignNode: () => {
      foreignNode.inc();
    },
    stsRequest: (outcome: string) => {
      stsRequests.inc({ class: outcome });
    },
    watchEvents: (kind: string, type: string) => {
      watchEvents.inc({ kind, type });
    },
    relists: (kind: string, why: string) => {
      relists.inc({ kind, why });
    },
    refusedHandshake: (why: HandshakeFault) => {
      refusedHandshakes.inc({ why });
    },
    limitHit: (limit: LimitName) => {
      limitHits.inc({ limit });
    },
    answers: (reason: AnswerLabel, count: number) => {
      agentAnswers.inc({ reason }, count);
    },
    attestation: (outcome: Reason | 'ok') => {
      attestations.inc({ outcome });
    },
    sharedIdentity: (is: boolean) => {
      sharedIdentity.set(is ? 1 : 0);
    },
    authorityOlder: (found: OlderSecret['found']) => {
      authorityOlder.inc({ found });
    },
    streams: (change: 1 | -1) => {
      streams.inc(change);
    },
    /** Connects the gauges that are read at each scrape. */
    read(readings: ServerReadings): void {
      readGauge(
        registry,
        'rolegate_feed_nodes',
        'Nodes whose agents are connected to this replica.',
        readings.connectedNodes,
      );
      readGauge(
        registry,
        'rolegate_sts_budget_waiting',
        'AssumeRole calls that wait for the budget.',
        readings.stsBudgetWaiting,
      );
      readGauge(
        registry,
        'rolegate_credentials_min_remaining_seconds',
        'Life left of the session that ends first.',
        readings.minRemainingSeconds,
      );
      readCounter(
        registry,
        'rolegate_decisions_made_total',
        'Times the policy was asked about a Pod, whether or not its decision changed.',
        readings.decisionsMade,
      );
      readGauge(
        registry,
        'rolegate_decisions_waiting',
        'Namespaces whose Pods wait for their turn to be decided.',
        readings.decisionsWaiting,
      );
      readGauges(registry, 'rolegate_sessions', 'Sessions by state.', 'state', readings.sessions);
      readGauges(
        registry,
        'rolegate_watch_age_seconds',
        'Since the last word of the API server.',
        'kind',
        readings.watchAgeSeconds,
      );
      readGauges(
        registry,
        'rolegate_certificate_expiry_seconds',
        'Until the certificate ends.',
        'certificate',
        readings.certificateExpirySeconds,
      );
      readGauges(
        registry,
        'rolegate_own_credentials_remaining_seconds',
        "Life left of the server's own credentials; none for a permanent key.",
        'credentials',
        readings.ownCredentialsSeconds,
      );
      readGauge(
        registry,
        'rolegate_own_credentials_ok',
        '0 while STS does not take the server, or will not for long: then no Pod gets new credentials.',
        () => (readings.ownCredentialsOk() ? 1 : 0),
      );
      readGauges(
        registry,
        'rolegate_remembered_names',
        'Names that others choose and that are remembered for a time, by what for.',
        'of',
        readings.rememberedNames,
      );
    },
  };
}

export type ServerMetrics = ReturnType<typeof createServerMetrics>;

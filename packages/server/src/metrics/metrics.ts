import type { HandshakeFault, Reason } from '@rolegate/protocol';
import { createMeters } from '@rolegate/runtime';
import type { Meters } from '@rolegate/runtime';
import type { Registry } from 'prom-client';
import type { AnswerLabel } from '../feed/reports/reception.ts';
import type { OlderSecret } from '../identity/authority/merge.ts';
import type { LimitName } from '../limits/limit-names.ts';
import { serverMetrics } from './table.ts';

/** The sources of gauges that are read at each scrape. */
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
  /** By kind, see memory.ts. */
  readonly rememberedNames: () => Readonly<Record<string, number>>;
  /** Since the keys of ServiceAccount tokens were read; undefined if they have not been. */
  readonly issuerKeysAgeSeconds: () => number | undefined;
}

/** All labels are closed sets. */
export interface ServerMetrics {
  readonly registry: Registry;
  readonly decision: (reason: Reason | 'Allowed') => void;
  readonly auditRefusal: (reason: Reason) => void;
  readonly foreignNode: () => void;
  readonly stsRequest: (outcome: string) => void;
  readonly watchEvents: (kind: string, type: string) => void;
  readonly relists: (kind: string, why: string) => void;
  readonly refusedHandshake: (why: HandshakeFault) => void;
  readonly limitHit: (limit: LimitName) => void;
  readonly answers: (reason: AnswerLabel, count: number) => void;
  readonly attestation: (outcome: Reason | 'ok') => void;
  readonly sharedIdentity: (is: boolean) => void;
  readonly authorityOlder: (found: OlderSecret['found']) => void;
  readonly streams: (change: 1 | -1) => void;
  readonly issuerKeysRead: (outcome: 'ok' | 'failed') => void;
  readonly podTokenReview: (outcome: 'valid' | 'invalid' | 'failed') => void;
  /** Connects the gauges that are read at each scrape. */
  readonly read: (readings: ServerReadings) => void;
}

/** The server's metrics. */
export function createServerMetrics({ version }: { version: string }): ServerMetrics {
  const meters = createMeters(serverMetrics);
  const { registry, counter, gauge, count, countBy } = meters;
  const decision = countBy('rolegate_decisions_total');
  const auditRefusal = countBy('rolegate_audit_refusals_total');
  const foreignNode = count('rolegate_foreign_node_total');
  const stsRequest = countBy('rolegate_sts_requests_total');
  const watchEvents = counter('rolegate_watch_events_total');
  const relists = counter('rolegate_relists_total');
  const limitHit = countBy('rolegate_limit_hits_total');
  const refusedHandshake = countBy('rolegate_refused_handshakes_total');
  const answers = countBy('rolegate_agent_answers_total');
  const attestation = countBy('rolegate_attestations_total');
  const sharedIdentity = gauge('rolegate_shared_identity');
  const authorityOlder = countBy('rolegate_authority_secret_older_total');
  const streams = gauge('rolegate_feed_streams');
  const podTokenReview = countBy('rolegate_pod_token_reviews_total');
  const issuerKeysRead = countBy('rolegate_issuer_keys_reads_total');
  gauge('rolegate_build_info').set({ version }, 1);

  return {
    registry,
    decision,
    auditRefusal,
    foreignNode,
    stsRequest,
    watchEvents: (kind, type) => {
      watchEvents.inc({ kind, type });
    },
    relists: (kind, why) => {
      relists.inc({ kind, why });
    },
    refusedHandshake,
    limitHit,
    answers,
    attestation,
    sharedIdentity: (is) => {
      sharedIdentity.set(is ? 1 : 0);
    },
    authorityOlder,
    streams: (change) => {
      streams.inc(change);
    },
    issuerKeysRead,
    podTokenReview,
    read: (readings) => {
      readAtScrape(meters, readings);
    },
  };
}

function readAtScrape(
  { readGauge, readGauges, readCounter }: Meters<typeof serverMetrics>,
  readings: ServerReadings,
): void {
  readGauge('rolegate_feed_nodes', readings.connectedNodes);
  readGauge('rolegate_sts_budget_waiting', readings.stsBudgetWaiting);
  readGauge('rolegate_credentials_min_remaining_seconds', readings.minRemainingSeconds);
  readCounter('rolegate_decisions_made_total', readings.decisionsMade);
  readGauge('rolegate_decisions_waiting', readings.decisionsWaiting);
  readGauges('rolegate_sessions', readings.sessions);
  readGauges('rolegate_watch_age_seconds', readings.watchAgeSeconds);
  readGauges('rolegate_certificate_expiry_seconds', readings.certificateExpirySeconds);
  readGauges('rolegate_own_credentials_remaining_seconds', readings.ownCredentialsSeconds);
  readGauge('rolegate_own_credentials_ok', () => (readings.ownCredentialsOk() ? 1 : 0));
  readGauges('rolegate_remembered_names', readings.rememberedNames);
  readGauge('rolegate_issuer_keys_age_seconds', readings.issuerKeysAgeSeconds);
}

import type { MetricTable } from '@rolegate/runtime';
import { limitNames } from '../metadata/limit-hits.ts';
import { interceptionMetrics } from './interception-table.ts';

/** 0.1 ms to 1.6 s: from memory it takes less than one, and no SDK waits longer than a second. */
const DURATION_BUCKETS_SECONDS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.2, 0.4, 0.85, 1.6];

/** Every metric of the agent (DESIGN.md 4.9). Labels are closed sets: never a Pod or a role. */
export const agentMetrics = {
  rolegate_build_info: {
    type: 'gauge',
    labels: { version: [] },
    help: 'Always 1.',
    meaning: 'always 1',
    worry: 'two versions for longer than a roll-out',
  },
  rolegate_requests_total: {
    type: 'counter',
    labels: {
      route: ['token', 'list', 'credentials', 'iam-info', 'metadata', 'blocked', 'malformed'],
      status: [],
      reason: '("" for success)',
    },
    help: 'Answers to Pods by route, status and reason ("" for success).',
    meaning: 'answers to Pods',
    worry: 'a rate of `status="503"`; of `reason="StsAccessDenied"` after a change in IAM',
  },
  rolegate_request_duration_seconds: {
    type: 'histogram',
    labels: { route: [] },
    buckets: DURATION_BUCKETS_SECONDS,
    help: 'From the request to its answer, holds included.',
    meaning: 'from the request to its answer, holds included',
    worry: 'p99 of `credentials` over 0.85 s: SDKs give up',
  },
  rolegate_first_request_total: {
    type: 'counter',
    labels: { outcome: ['served', 'refused', 'failed'], sdk: [] },
    help: "Pods' first requests for credentials by outcome (served, refused, failed) and SDK.",
    meaning: "Pods' first requests for credentials",
    worry: 'any `failed`: an application has started without credentials',
  },
  rolegate_holds_total: {
    type: 'counter',
    labels: { outcome: ['served', 'refused', 'timeout', 'gone'] },
    help: 'Held requests by outcome: served, refused, timeout, gone.',
    meaning: 'requests that had to wait',
    worry: '`timeout` that goes on: see `waitedFor` in the log',
  },
  rolegate_limit_hits_total: {
    type: 'counter',
    labels: { limit: ['new_connections', ...limitNames] },
    help: 'Connections and requests that met a limit, by limit.',
    meaning: 'connections and requests that met a limit',
    worry: 'any that rises: the log line `limit reached` names the Pod and says what to do',
  },
  rolegate_imdsv1_requests_total: {
    type: 'counter',
    labels: {},
    help: 'Requests without a metadata token (IMDSv1).',
    meaning: 'requests without a token',
    worry: 'any, before `--imdsv1 deny`',
  },
  rolegate_feed_connected: {
    type: 'gauge',
    labels: {},
    help: '1 while the feed is open and complete.',
    meaning: "1 while a server's feed is open and complete",
    worry: '0 for minutes; nothing new is permitted meanwhile',
  },
  rolegate_feed_stale_seconds: {
    type: 'gauge',
    labels: {},
    help: 'Since the feed was lost; 0 while it is there.',
    meaning: 'since the feed was lost; 0 while it is there',
    worry: 'over 600; at 30 minutes credentials begin to end',
  },
  rolegate_sessions: {
    type: 'gauge',
    labels: { state: ['held'] },
    help: 'Sessions held, by state.',
    meaning: 'sessions whose credentials are held',
    worry: 'a fall to 0 where Pods have roles',
  },
  rolegate_credentials_min_remaining_seconds: {
    type: 'gauge',
    labels: {},
    help: 'Life left of the credentials that end first.',
    meaning: 'life of the credentials that end first',
    worry: 'under 1500 (25 minutes): renewal does not work',
  },
  rolegate_certificate_expiry_seconds: {
    type: 'gauge',
    labels: { certificate: ['certificate', 'ca'] },
    help: 'Until the certificate ends.',
    meaning: 'until the certificate of the agent, or the authority that it trusts, ends',
    worry: 'the certificate under 600, the authority under a day',
  },
  rolegate_clock_skew_seconds: {
    type: 'gauge',
    labels: {},
    help: "The node's clock against the server's.",
    meaning: "the node's clock against the server's",
    worry: 'over 60 either way: SDKs take documents for expired, or for valid when they are not',
  },
  rolegate_attestations_total: {
    type: 'counter',
    labels: { outcome: ['issued', 'no-token', 'no-authority', 'unavailable', 'refused', 'unusable'] },
    help: 'Attempts to get a certificate from a server by outcome.',
    meaning: 'attempts to get a certificate',
    worry: 'any `refused` or `unusable`; others that go on',
  },
  rolegate_ip_source: {
    type: 'gauge',
    labels: { source: ['cni', 'pod-status'] },
    help: '1 for what tells who holds an IP: the CNI results, or status.podIP as the fallback.',
    meaning: '1 for what tells who holds an IP',
    worry: '`pod-status` 1: first requests of new Pods are slower, R1 holds for `--stale-ip` only',
  },
  rolegate_cni_results_bad_total: {
    type: 'counter',
    labels: {},
    help: 'CNI result files that cannot be read.',
    meaning: 'result files that do not parse',
    worry: 'any that goes on: the container runtime writes another form',
  },
  rolegate_remembered_names: {
    type: 'gauge',
    labels: { of: 'see below' },
    help: 'Names that others choose and that are remembered for a time, by what for.',
    meaning: 'names chosen by others that are remembered',
    worry: 'one that stays at its bound: somebody makes up names',
  },
  ...interceptionMetrics,
} satisfies MetricTable;

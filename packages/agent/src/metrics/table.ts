import type { MetricTable } from '@rolegate/runtime';
import { routeNames } from '../pod-http/answer/record.ts';
import { limitNames } from '../pod-http/limit-hits.ts';
import { sdkNames } from '../pod-http/sdk.ts';
import { interceptionMetrics } from './interception-table.ts';

/**
 * 0.1 ms to 1.6 s: an answer from memory takes under 1 ms, and no SDK waits much longer than a second. A bucket ends soon
 * after each length of a hold, so that a quantile of held requests is not estimated far above it.
 */
const DURATION_BUCKETS_SECONDS = [
  0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.2, 0.4, 0.45, 0.85, 0.9, 1.6,
];

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
      route: routeNames,
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
    help: 'Time from a request to its answer, including holds.',
    meaning: 'time from a request to its answer, including holds',
    worry: 'p99 of `credentials` over 0.85 s: SDKs give up',
  },
  rolegate_first_request_total: {
    type: 'counter',
    labels: { outcome: ['served', 'refused', 'failed'], sdk: sdkNames },
    help: "Pods' first requests for credentials by outcome (served, refused, failed) and SDK.",
    meaning: "Pods' first requests for credentials",
    worry: 'any `failed`: an application started without credentials',
  },
  rolegate_holds_total: {
    type: 'counter',
    labels: { outcome: ['served', 'refused', 'timeout', 'gone'] },
    help: 'Held requests by outcome: served, refused, timeout, gone.',
    meaning: 'held requests',
    worry: 'a steady rate of `timeout`: see `waitedFor` in the log',
  },
  rolegate_limit_hits_total: {
    type: 'counter',
    labels: { limit: ['new_connections', ...limitNames] },
    help: 'Connections and requests refused or closed because of a limit, by limit.',
    meaning: 'connections and requests refused or closed because of a limit',
    worry: 'any increase: the log line `limit reached` has the address, the `uid` of the Pod and a hint',
  },
  rolegate_imdsv1_requests_total: {
    type: 'counter',
    labels: {},
    help: 'Requests without a metadata token (IMDSv1).',
    meaning: 'requests without a metadata token',
    worry: 'any, before you set `--imdsv1 deny`',
  },
  rolegate_feed_connected: {
    type: 'gauge',
    labels: {},
    help: '1 while the feed is connected and synced.',
    meaning: '1 while the feed is connected and synced',
    worry: '0 for minutes: nothing new is permitted until it is 1 again',
  },
  rolegate_feed_stale_seconds: {
    type: 'gauge',
    labels: {},
    help: 'Seconds since the feed was lost; 0 while it is connected.',
    meaning: 'seconds since the feed was lost; 0 while it is connected',
    worry: 'over 600: after 30 minutes credentials begin to expire',
  },
  rolegate_sessions: {
    type: 'gauge',
    labels: { state: ['held'] },
    help: 'Sessions with cached credentials, by state.',
    meaning: 'sessions with cached credentials',
    worry: 'a fall to 0 while Pods have roles',
  },
  rolegate_credentials_min_remaining_seconds: {
    type: 'gauge',
    labels: {},
    help: 'Remaining lifetime of the credentials that expire first.',
    meaning: 'remaining lifetime of the credentials that expire first',
    worry: 'under 1500 (25 minutes): renewal fails',
  },
  rolegate_certificate_expiry_seconds: {
    type: 'gauge',
    labels: { certificate: ['certificate', 'ca'] },
    help: 'Seconds until the certificate expires.',
    meaning: "seconds until the agent's certificate, or the authority it trusts, expires",
    worry: 'the certificate under 600, the authority under a day',
  },
  rolegate_clock_skew_seconds: {
    type: 'gauge',
    labels: {},
    help: "Difference between the node's clock and the server's.",
    meaning: "difference between the node's clock and the server's",
    worry: 'over 60 in either direction: SDKs treat valid credentials as expired, or expired ones as valid',
  },
  rolegate_attestations_total: {
    type: 'counter',
    labels: { outcome: ['issued', 'no-token', 'no-authority', 'unavailable', 'refused', 'unusable'] },
    help: 'Certificate requests to servers by outcome.',
    meaning: 'certificate requests to servers',
    worry: 'any `refused` or `unusable`; a steady rate of others but `issued`',
  },
  rolegate_ip_source: {
    type: 'gauge',
    labels: { source: ['cni', 'pod-status'] },
    help: '1 for the source that maps IPs to Pods: the CNI results, or status.podIP as the fallback.',
    meaning: '1 for the source that maps IPs to Pods',
    worry:
      '`pod-status` 1: first requests of new Pods are slower, and promise R1 lasts only for `--stale-ip`',
  },
  rolegate_cni_results_bad_total: {
    type: 'counter',
    labels: {},
    help: 'CNI result files that cannot be read.',
    meaning: 'CNI result files that cannot be read',
    worry: 'a steady rate: the container runtime writes another format',
  },
  rolegate_container_credentials_listening: {
    type: 'gauge',
    labels: {},
    help: '1 while the agent listens for container credentials. Only with --container-credentials.',
    meaning: '1 while the agent listens for container credentials, with `--container-credentials`',
    worry: '0 for minutes: reconcile has not added the address, or another process has the port',
  },
  rolegate_issuer_keys: {
    type: 'gauge',
    labels: {},
    help: "The API server's keys that verify ServiceAccount tokens. Only with --container-credentials.",
    meaning: "the API server's keys that verify ServiceAccount tokens, with `--container-credentials`",
    worry: '0: each ServiceAccount token needs a review by a server; check that servers can read the keys',
  },
  rolegate_remembered_names: {
    type: 'gauge',
    labels: { of: 'see below' },
    help: 'Remembered names that were chosen by others, by purpose.',
    meaning: 'remembered names that were chosen by others',
    worry: 'a value that stays at its bound: a client makes up names',
  },
  ...interceptionMetrics,
} satisfies MetricTable;

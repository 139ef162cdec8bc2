import { handshakeFaults } from '@rolegate/protocol';
import type { MetricTable } from '@rolegate/runtime';
import { stsReasons } from '../credentials/sts/errors.ts';
import { olderSecretKinds } from '../identity/authority/merge.ts';
import { limitNames } from '../limits/limit-names.ts';

/** The kinds of object that the server watches. */
export const watchedKinds = ['Pod', 'Namespace', 'ServiceAccount', 'Node'] as const;

/** Every metric of the server (DESIGN.md 4.9). Labels are closed sets, never Pods or roles. */
export const serverMetrics = {
  rolegate_build_info: {
    type: 'gauge',
    labels: { version: [] },
    help: 'Always 1.',
    meaning: 'always 1',
    worry: 'two versions after a roll-out',
  },
  rolegate_decisions_total: {
    type: 'counter',
    labels: {
      reason: [
        'Allowed',
        'NoRole',
        'NamespaceDenied',
        'OutsideCeiling',
        'BadAnnotation',
        'BadNamespaceRule',
        'HostNetwork',
        'StaticPod',
        'MetadataDenied',
      ],
    },
    help: 'Changed decisions on Pods of connected nodes, by reason (Allowed for a permitted role).',
    meaning: 'changed decisions on Pods of connected nodes',
    worry: 'more refusals after a change',
  },
  rolegate_audit_refusals_total: {
    type: 'counter',
    labels: { reason: ['NamespaceDenied', 'BadNamespaceRule'] },
    help: 'Decisions allowed under --namespace-policy audit that enforce would refuse, by reason.',
    meaning: 'decisions allowed under `--namespace-policy audit` that enforce would refuse',
    worry: 'any, before you switch to enforce',
  },
  rolegate_foreign_node_total: {
    type: 'counter',
    labels: {},
    help: 'Calls of agents refused because they were for another node. Alert on any.',
    meaning: 'calls of agents refused because they were for another node',
    worry: "any: check the agent's certificate, or treat the node as stolen",
  },
  rolegate_attestations_total: {
    type: 'counter',
    labels: { outcome: ['ok', 'ForeignNode', 'TooManyRequests', 'ServerUnavailable'] },
    help: 'Attestations of agents by outcome: ok, or the reason of the refusal.',
    meaning: 'attestations of agents',
    worry: 'any other than ok that continues',
  },
  rolegate_authority_secret_older_total: {
    type: 'counter',
    labels: { found: olderSecretKinds },
    help: 'Times the authority Secret was older than what this replica knew, and was merged.',
    meaning:
      'times the authority Secret was older than what this replica knew, and was merged ([identity.md](identity.md#the-secret-comes-back-older)); unnumbered: only its generation was missing, as when a server of 0.1 wrote it',
    worry: 'any `older`: a backup was restored',
  },
  rolegate_shared_identity: {
    type: 'gauge',
    labels: {},
    help: '1 under --agent-identity shared, when an agent can claim to be any node.',
    meaning: '1 under `--agent-identity shared`',
    worry: '1 after the migration',
  },
  rolegate_decisions_made_total: {
    type: 'counter',
    labels: {},
    help: 'Evaluations of the policy for a Pod, whether or not its decision changed.',
    meaning: 'evaluations of the policy for a Pod',
    worry: 'as many as watch events: something keeps changing its inputs',
  },
  rolegate_decisions_waiting: {
    type: 'gauge',
    labels: {},
    help: 'Namespaces with Pods that wait for a decision.',
    meaning: 'Namespaces with Pods that wait for a decision',
    worry: 'above 0 for several seconds',
  },
  rolegate_sts_requests_total: {
    type: 'counter',
    labels: { class: ['ok', ...stsReasons] },
    help: 'AssumeRole calls by outcome: ok, or the reason of the failure.',
    meaning: 'AssumeRole calls by outcome',
    worry: '`StsThrottled`, `StsUnavailable` or `ServerCredentials` that keeps rising',
  },
  rolegate_sts_budget_waiting: {
    type: 'gauge',
    labels: {},
    help: 'AssumeRole calls that wait for the budget.',
    meaning: 'AssumeRole calls that wait for `--sts-rate`',
    worry: 'above 0 for minutes: renewals are delayed',
  },
  rolegate_sessions: {
    type: 'gauge',
    labels: { state: ['valid', 'at-agents', 'waiting', 'failing', 'unused'] },
    help: "Sessions that this replica's nodes need, by state.",
    meaning: "sessions that this replica's nodes need",
    worry: '`failing` or `waiting` that stays',
  },
  rolegate_credentials_min_remaining_seconds: {
    type: 'gauge',
    labels: {},
    help: 'Remaining lifetime of the credentials that expire first.',
    meaning: 'remaining lifetime of the credentials that expire first',
    worry: 'under 1500 (25 minutes)',
  },
  rolegate_own_credentials_ok: {
    type: 'gauge',
    labels: {},
    help: "0 while STS rejects the server's own credentials, or soon will: no Pod gets new credentials.",
    meaning: "0 while STS rejects the server's own credentials, or soon will",
    worry: '0: no Pod gets new credentials',
  },
  rolegate_own_credentials_remaining_seconds: {
    type: 'gauge',
    labels: { credentials: ['own', 'assumed-role'] },
    help: "Remaining lifetime of the server's own credentials; absent for a permanent key.",
    meaning: "remaining lifetime of the server's own credentials; absent for a permanent key",
    worry: 'under 300',
  },
  rolegate_watch_age_seconds: {
    type: 'gauge',
    labels: { kind: watchedKinds },
    help: 'Time since the last byte from the API server.',
    meaning: 'time since the last byte from the API server',
    worry: 'above 120: changes are missed',
  },
  rolegate_watch_events_total: {
    type: 'counter',
    labels: { kind: [], type: [] },
    help: 'Objects received from the API server.',
    meaning: 'objects received from the API server',
    worry: '`unreadable`; none for a long time in a busy cluster',
  },
  rolegate_relists_total: {
    type: 'counter',
    labels: { kind: watchedKinds, why: ['expired', 'refused', 'silent', 'unreadable', 'room', 'older'] },
    help: 'Repeated lists, by cause.',
    meaning: 'repeated lists',
    worry: 'a steady rate; `unreadable`',
  },
  rolegate_limit_hits_total: {
    type: 'counter',
    labels: { limit: limitNames },
    help: 'Times a limit was reached, by limit.',
    meaning:
      'annotations and watch lines that were too long or did not fit; dropped Events; reports and streams of agents beyond [their limits](limits.md#agents); connections and calls that the [gRPC ports](limits.md#grpc-ports) refused or closed; requests of [strangers](limits.md#metrics-and-probes) to the ports for metrics and probes',
    worry:
      'any that rises: the log line `limit reached` names the Namespace, the node or the address and says what to do',
  },
  rolegate_refused_handshakes_total: {
    type: 'counter',
    labels: { why: handshakeFaults },
    help: 'Failed TLS handshakes on the gRPC ports, by cause; those closed at a limit are not included.',
    meaning: 'failed TLS handshakes on the gRPC ports, except those closed at a limit',
    worry:
      '`no_certificate`: agents of version 0.1, which must be upgraded before servers; `certificate` that continues',
  },
  rolegate_issuer_keys_reads_total: {
    type: 'counter',
    labels: { outcome: ['ok', 'failed'] },
    help: "Reads of the API server's keys of ServiceAccount tokens, by outcome.",
    meaning: "reads of the API server's keys of ServiceAccount tokens, for container credentials",
    worry:
      '`failed` that continues: the log says why; new keys are then known to nobody, and their tokens are reviewed',
  },
  rolegate_issuer_keys_age_seconds: {
    type: 'gauge',
    labels: {},
    help: 'Time since the keys of ServiceAccount tokens were read; absent if no agent serves container credentials.',
    meaning:
      'time since the keys of ServiceAccount tokens were read; absent if no agent serves container credentials',
    worry: 'above 900',
  },
  rolegate_pod_token_reviews_total: {
    type: 'counter',
    labels: { outcome: ['valid', 'invalid', 'failed'] },
    help: "TokenReviews of Pods' ServiceAccount tokens whose key or issuer an agent does not know, by outcome.",
    meaning: "TokenReviews of Pods' ServiceAccount tokens whose key or issuer an agent does not know",
    worry:
      '`valid` that continues: the keys cannot be read, or an issuer is missing (`--service-account-issuer`)',
  },
  rolegate_feed_streams: {
    type: 'gauge',
    labels: {},
    help: 'Open feed streams.',
    meaning: 'open feed streams; a node briefly has two at renewal',
    worry: 'the sum over replicas is far from the number of nodes',
  },
  rolegate_feed_nodes: {
    type: 'gauge',
    labels: {},
    help: 'Nodes whose agents are connected to this replica.',
    meaning: 'nodes whose agents are connected to this replica',
    worry: 'the sum over replicas is less than the number of nodes',
  },
  rolegate_remembered_names: {
    type: 'gauge',
    labels: { of: 'see below' },
    help: 'Names chosen by others that the server remembers for a time, by purpose.',
    meaning: 'names chosen by others that the server remembers for a time',
    worry: 'one that stays at its limit: somebody makes up names',
  },
  rolegate_agent_answers_total: {
    type: 'counter',
    labels: {
      reason: '("" for success; other for request errors and for reasons of newer agents)',
    },
    help: 'Answers to Pods that agents report, by reason ("" for success, other for request errors and reasons of newer agents).',
    meaning: 'answers to Pods that agents report',
    worry: "as for the agents' `rolegate_requests_total`",
  },
  rolegate_certificate_expiry_seconds: {
    type: 'gauge',
    labels: { certificate: ['certificate', 'ca'] },
    help: 'Time until the certificate expires.',
    meaning: "time until the server's certificate, or the authority's, expires",
    worry: 'the certificate under an hour, the authority under a week',
  },
} satisfies MetricTable;

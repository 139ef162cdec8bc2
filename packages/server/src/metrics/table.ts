import { handshakeFaults } from '@rolegate/protocol';
import type { MetricTable } from '@rolegate/runtime';
import { olderSecretKinds } from '../identity/authority/merge.ts';
import { limitNames } from '../limits/limit-names.ts';

/** The kinds that the server watches. */
export const watchedKinds = ['Pod', 'Namespace', 'ServiceAccount', 'Node'] as const;

/** Every metric of the server (DESIGN.md 4.9). Labels are closed sets: never a Pod or a role. */
export const serverMetrics = {
  rolegate_build_info: {
    type: 'gauge',
    labels: { version: [] },
    help: 'Always 1.',
    meaning: 'always 1',
    worry: 'two versions for longer than a roll-out',
  },
  rolegate_decisions_total: {
    type: 'counter',
    labels: { reason: 'Allowed, or a reason' },
    help: 'Decisions on Pods of connected nodes, when they changed, by reason (Allowed for a permitted role).',
    meaning: 'decisions on Pods of connected nodes, when they changed',
    worry: 'a rise of a refusal after a change',
  },
  rolegate_audit_refusals_total: {
    type: 'counter',
    labels: { reason: [] },
    help: 'Allowed under --namespace-policy audit, by the reason for which enforce would refuse.',
    meaning: 'allowed under `--namespace-policy audit`; enforce would refuse',
    worry: 'any, before enforce is switched on',
  },
  rolegate_foreign_node_total: {
    type: 'counter',
    labels: {},
    help: 'Calls of agents refused because they were for another node. Any is worth an alarm.',
    meaning: "calls of agents for what is another node's",
    worry: "any: check the agent's certificate, or treat the node as stolen",
  },
  rolegate_attestations_total: {
    type: 'counter',
    labels: { outcome: 'ok, or a reason' },
    help: 'Attestations of agents by outcome: ok, or the reason of the refusal.',
    meaning: 'attestations of agents',
    worry: 'any but ok that goes on',
  },
  rolegate_authority_secret_older_total: {
    type: 'counter',
    labels: { found: olderSecretKinds },
    help: 'Times the authority Secret was not newer than what this replica knew, and was merged.',
    meaning:
      'times the authority Secret was not newer than what this replica knew, and was merged ([identity.md](identity.md#the-secret-comes-back-older)); unnumbered: only its generation was missing, as a server of 0.1 writes it',
    worry: 'any `older`: somebody restored a backup',
  },
  rolegate_shared_identity: {
    type: 'gauge',
    labels: {},
    help: '1 under --agent-identity shared: an agent is whichever node it says.',
    meaning: '1 under `--agent-identity shared`',
    worry: '1 after the migration',
  },
  rolegate_decisions_made_total: {
    type: 'counter',
    labels: {},
    help: 'Times the policy was asked about a Pod, whether or not its decision changed.',
    meaning: 'times the policy was asked about a Pod',
    worry: 'as many as watch events: something changes what it reads all the time',
  },
  rolegate_decisions_waiting: {
    type: 'gauge',
    labels: {},
    help: 'Namespaces whose Pods wait for their turn to be decided.',
    meaning: 'Namespaces whose Pods wait for their turn to be decided',
    worry: 'not 0 for seconds',
  },
  rolegate_sts_requests_total: {
    type: 'counter',
    labels: { class: 'ok, or a reason' },
    help: 'AssumeRole calls by outcome: ok, or the reason of the failure.',
    meaning: 'AssumeRole calls by outcome',
    worry: '`StsThrottled`, `StsUnavailable`, `ServerCredentials` at a rate',
  },
  rolegate_sts_budget_waiting: {
    type: 'gauge',
    labels: {},
    help: 'AssumeRole calls that wait for the budget.',
    meaning: 'calls that wait for `--sts-rate`',
    worry: 'not 0 for minutes: renewals wait',
  },
  rolegate_sessions: {
    type: 'gauge',
    labels: { state: ['valid', 'at-agents', 'waiting', 'failing', 'unused'] },
    help: 'Sessions by state.',
    meaning: 'sessions that nodes of this replica need',
    worry: '`failing` or `waiting` that stays',
  },
  rolegate_credentials_min_remaining_seconds: {
    type: 'gauge',
    labels: {},
    help: 'Life left of the session that ends first.',
    meaning: 'life of the session that ends first',
    worry: 'under 1500 (25 minutes)',
  },
  rolegate_own_credentials_ok: {
    type: 'gauge',
    labels: {},
    help: '0 while STS does not take the server, or will not for long: then no Pod gets new credentials.',
    meaning: '0 while STS does not take the server itself',
    worry: '0: no Pod gets new credentials',
  },
  rolegate_own_credentials_remaining_seconds: {
    type: 'gauge',
    labels: { credentials: ['own', 'assumed-role'] },
    help: "Life left of the server's own credentials; none for a permanent key.",
    meaning: "life of the server's own credentials; none for a permanent key",
    worry: 'under 300',
  },
  rolegate_watch_age_seconds: {
    type: 'gauge',
    labels: { kind: watchedKinds },
    help: 'Since the last word of the API server.',
    meaning: 'since the last word of the API server',
    worry: 'over 120: changes are not seen',
  },
  rolegate_watch_events_total: {
    type: 'counter',
    labels: { kind: [], type: [] },
    help: 'Objects received from the API server.',
    meaning: 'objects received from the API server',
    worry: '`unreadable`; none for long in a busy cluster',
  },
  rolegate_relists_total: {
    type: 'counter',
    labels: { kind: [], why: ['expired', 'refused', 'silent', 'unreadable', 'room'] },
    help: 'Lists that had to be made again, by why.',
    meaning: 'lists that had to be made again',
    worry: 'a rate that stays; `unreadable`',
  },
  rolegate_limit_hits_total: {
    type: 'counter',
    labels: { limit: limitNames },
    help: 'Times a limit was met, by limit.',
    meaning:
      'annotations and watch lines that were too long to be read, or had no room; Events that were dropped; what agents report and open beyond [their bounds](limits.md#agents); what the [gRPC ports](limits.md#grpc-ports) refused or closed; what [strangers](limits.md#metrics-and-probes) ask of the ports of metrics and probes',
    worry:
      'any that rises: the log line `limit reached` names the Namespace, the node or the address and says what to do',
  },
  rolegate_refused_handshakes_total: {
    type: 'counter',
    labels: { why: handshakeFaults },
    help: 'TLS handshakes on the gRPC ports that came to nothing, by why; those closed at a limit apart.',
    meaning: 'TLS handshakes on the gRPC ports that came to nothing; those closed at a limit count there',
    worry:
      '`no_certificate`: agents of version 0.1, which are upgraded before servers; `certificate` that goes on',
  },
  rolegate_feed_streams: {
    type: 'gauge',
    labels: {},
    help: 'Open feed streams.',
    meaning: 'open feed streams; two a node for a moment at renewal',
    worry: 'far from the number of nodes over all replicas',
  },
  rolegate_feed_nodes: {
    type: 'gauge',
    labels: {},
    help: 'Nodes whose agents are connected to this replica.',
    meaning: 'nodes whose agents are connected to this replica',
    worry: 'the sum over replicas is less than the nodes',
  },
  rolegate_remembered_names: {
    type: 'gauge',
    labels: { of: 'see below' },
    help: 'Names that others choose and that are remembered for a time, by what for.',
    meaning: 'names chosen by others that are remembered',
    worry: 'one that stays at its bound: somebody makes up names',
  },
  rolegate_agent_answers_total: {
    type: 'counter',
    labels: {
      reason: '("" for success; other for malformed requests and the like, and for reasons of newer agents)',
    },
    help: 'Answers that agents report, by reason ("" for success, other for faults of requests and reasons of newer agents).',
    meaning: 'answers that agents report',
    worry: "as the agents' `rolegate_requests_total`",
  },
  rolegate_certificate_expiry_seconds: {
    type: 'gauge',
    labels: { certificate: ['certificate', 'ca'] },
    help: 'Until the certificate ends.',
    meaning: "until the server's certificate, or the authority, ends",
    worry: 'the certificate under an hour, the authority under a week',
  },
} satisfies MetricTable;

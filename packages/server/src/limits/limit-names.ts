/**
 * Every limit of the server (DESIGN.md 4.11) by its name in metric and log, with a hint for the operator. To add a limit, add a
 * row here, its use in the code, and a line in docs/limits.md.
 */
interface Limit {
  readonly hint: string;
}
type Limits = Readonly<Record<string, Limit>>;

/** Limits on what is read from the API server and written to it. */
export const clusterLimits = {
  annotation_bytes: {
    hint: 'Shorten the annotation. At this length it is treated as invalid: it gives and permits nothing. The limits are 4 KiB for expressions, 64 KiB for lists, 16 KiB for tags and 2 KiB for others.',
  },
  namespace_text_bytes: {
    hint: 'Find out who writes so many different annotations in this Namespace. The limit is 8 MiB.',
  },
  text_bytes: {
    hint: 'Find out which Namespaces have the most different annotations. The limit is 128 MiB in all, of which 32 MiB are reserved for the first 16 KiB of each Namespace.',
  },
  watch_line_bytes: {
    hint: 'No API object can be this large. Check the proxies between the API server and this server.',
  },
  events: {
    hint: 'Find out why so many Pods of this Namespace are refused. At most 100 Events of a Namespace are queued, and 1,000 in all.',
  },
} as const satisfies Limits;

const NO_AGENT_ON_NODE = 'No released agent does this. Check what is running as the agent on this node.';

/** Limits on agents' reports and streams. */
export const reportLimits = {
  report_bytes: { hint: NO_AGENT_ON_NODE },
  report_fields: { hint: NO_AGENT_ON_NODE },
  report_rate: { hint: NO_AGENT_ON_NODE },
  node_streams: {
    hint: 'Check how many agents are running on this node. The newest two streams of a Pod and four of a node are kept.',
  },
} as const satisfies Limits;

const NO_AGENT_AT_ADDRESS = 'No released agent does this. Find out what connects from this address.';

/** Limits of the gRPC ports and of attestation. */
export const portLimits = {
  connection_rate: {
    hint: 'Find out what connects from this address. Agents that share it, behind a NAT, connect one after the other.',
  },
  handshakes: { hint: 'Find out what connects from this address without finishing its TLS handshake.' },
  unsynced_handshakes: {
    hint: 'Expected when all servers start together: agents try again within 5 s. Otherwise check why this server has not read the cluster yet (/readyz).',
  },
  connection_bytes: { hint: NO_AGENT_AT_ADDRESS },
  attest_connections: { hint: 'Find out what connects to the attestation port from so many addresses.' },
  attest_calls: { hint: NO_AGENT_AT_ADDRESS },
  attest_rate: {
    hint: 'Find out which Pods or hosts at this address present tokens that are not of agents. Agents are not delayed by them.',
  },
  token_reviews: {
    hint: 'Check that the API server answers TokenReviews, and find out who presents so many tokens.',
  },
  review_rate: {
    hint: 'Find out which Pods of the node show tokens whose key or issuer is unknown. If all do, check rolegate_issuer_keys_reads_total, and --service-account-issuer.',
  },
  node_connections: {
    hint: 'Check how many agents are running on this node. The newest eight connections of a node are kept.',
  },
  node_calls: { hint: NO_AGENT_AT_ADDRESS },
} as const satisfies Limits;

const OPS_HINT = 'Find out what connects to --prometheus-listen-addr from this address.';
const PROBE_HINT = 'Find out what connects to --probe-bind from this address. Only the kubelet needs to.';

/** Limits of the ports for metrics and probes. */
export const opsLimits = {
  ops_connections: { hint: OPS_HINT },
  ops_requests: { hint: OPS_HINT },
  probe_connections: { hint: PROBE_HINT },
  probe_requests: { hint: PROBE_HINT },
} as const satisfies Limits;

export type ClusterLimit = keyof typeof clusterLimits;
export type ReportLimit = keyof typeof reportLimits;
export type PortLimit = keyof typeof portLimits;
export type OpsLimit = keyof typeof opsLimits;
export type LimitName = ClusterLimit | ReportLimit | PortLimit | OpsLimit;

export const limitNames = [clusterLimits, reportLimits, portLimits, opsLimits].flatMap((table) =>
  Object.keys(table),
) as readonly LimitName[];

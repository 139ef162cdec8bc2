/**
 * Every limit of the server (DESIGN.md 4.11) as metric and log name it, and what an operator can do about it. A row here is all
 * that a limit needs besides its place in the code and its line in docs/limits.md.
 */
interface Limit {
  readonly hint: string;
}
type Limits = Readonly<Record<string, Limit>>;

/** What is read from the API server, or told it. */
export const clusterLimits = {
  annotation_bytes: {
    hint: 'shorten the annotation: it is not read; expressions may have 4 kB, lists 64 kB, tags 16 kB, others 2 kB',
  },
  namespace_text_bytes: {
    hint: 'see who writes so many different annotations in this Namespace; 8 MiB of them are kept',
  },
  text_bytes: {
    hint: 'see which Namespaces have the most different annotations; 128 MiB of them are kept in all, of which 32 MiB are for the first 16 KiB of each Namespace',
  },
  watch_line_bytes: {
    hint: 'no object of the API server is as large; see what stands between it and this server',
  },
  events: {
    hint: 'see why so many Pods of this Namespace are denied; 100 Events of a Namespace wait at most, and 1,000 in all',
  },
} as const satisfies Limits;

const NO_AGENT_ON_NODE = 'no released agent does this: see what runs as the agent on this node';

/** What agents report, and the streams that they open. */
export const reportLimits = {
  report_bytes: { hint: NO_AGENT_ON_NODE },
  report_fields: { hint: NO_AGENT_ON_NODE },
  report_rate: { hint: NO_AGENT_ON_NODE },
  node_streams: {
    hint: 'see how many agents run on this node; two a Pod and four a node are kept, the newest ones',
  },
} as const satisfies Limits;

const NO_AGENT_AT_ADDRESS = 'see what connects from this address: no released agent does this';

/** The gRPC ports, and attestation. */
export const portLimits = {
  connection_rate: {
    hint: 'see what connects from this address; agents that share one, behind a NAT, connect one after the other',
  },
  handshakes: { hint: 'see what connects from this address and does not finish its TLS handshake' },
  connection_bytes: { hint: NO_AGENT_AT_ADDRESS },
  attest_connections: { hint: 'see what connects to the attestation port from so many places' },
  attest_calls: { hint: NO_AGENT_AT_ADDRESS },
  attest_rate: {
    hint: 'see which Pods or hosts with this address show tokens of no agent; agents are not held up by them',
  },
  token_reviews: { hint: 'see whether the API server answers TokenReviews, and who shows so many tokens' },
  node_connections: {
    hint: 'see how many agents run on this node; eight connections of a node are kept, the newest ones',
  },
  node_calls: { hint: NO_AGENT_AT_ADDRESS },
} as const satisfies Limits;

const OPS_HINT = 'see who connects to --prometheus-listen-addr from this address';
const PROBE_HINT = 'see who connects to --probe-bind from this address: only kubelet needs to';

/** The ports that are not for agents. */
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

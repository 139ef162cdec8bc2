import type { status } from '@grpc/grpc-js';

/** Everything that logs, answers, Events and docs say about a reason. */
export interface ReasonEntry {
  /** A clause in the present or past tense, in lower case. Pods see it too. */
  readonly meaning: string;
  /** What the operator can do: an imperative sentence without its full stop. */
  readonly remedy: string;
  /** HTTP status of the answer to a Pod that asks for credentials (DESIGN.md 4.2). */
  readonly http: 200 | 401 | 403 | 404 | 503;
  /** gRPC status of a server that refuses an agent for this reason. Its name, because kubectl-rolegate has no gRPC. */
  readonly grpc: keyof typeof status;
  /** True if the server writes a Warning Event on an annotated Pod. */
  readonly event: boolean;
  /** Of the log line. `debug` means that it is not a refusal. */
  readonly level: 'debug' | 'info' | 'warn' | 'error';
}

/** The table of reasons (DESIGN.md 4.8). The names are API: metric labels, log fields and wire values. */
export const reasons = {
  PodNotFound: entry(
    'no known Pod on this node owns the address',
    'Run rolegate-agent status --ip IP on the node to see what its agent knows about the address',
    503,
    'NOT_FOUND',
  ),
  Pending: entry(
    'the server has not yet seen an object that it needs: the Pod, its Namespace or its ServiceAccount',
    'Wait, and if it persists, check the watch ages in rolegate-server status',
    503,
    'UNAVAILABLE',
  ),
  NoRole: entry(
    'no role is set on the Pod, its ServiceAccount or its Namespace',
    'Annotate the Pod or its ServiceAccount with iam.amazonaws.com/role if it needs AWS credentials',
    404,
    'NOT_FOUND',
  ),
  BadAnnotation: entry(
    'an annotation cannot be parsed',
    'Correct the annotation that the message names',
    403,
    'INVALID_ARGUMENT',
    { event: true },
  ),
  NamespaceDenied: entry(
    'the Namespace does not permit what the Pod requests',
    'Annotate the Namespace with iam.amazonaws.com/permitted, or change the Pod; kubectl rolegate explain NAMESPACE/NAME shows which rule decides',
    403,
    'PERMISSION_DENIED',
    { event: true },
  ),
  BadNamespaceRule: entry(
    'an annotation that permits roles on the Namespace cannot be parsed, so nothing is permitted',
    'Correct the annotation on the Namespace',
    403,
    'FAILED_PRECONDITION',
    { event: true },
  ),
  OutsideCeiling: entry(
    'the role is outside --role-ceiling, which no Namespace can exceed',
    'Use a role inside the ceiling, or widen --role-ceiling (chart value roles.ceiling)',
    403,
    'PERMISSION_DENIED',
    { event: true },
  ),
  RoleMismatch: entry(
    "the requested role is not the Pod's own",
    'Request the role name that the list endpoint returns',
    403,
    'PERMISSION_DENIED',
  ),
  MetadataDenied: entry(
    'the metadata API is closed to this Pod (rolegate.dev/metadata or --mode firewall)',
    'Remove or narrow the annotation if the Pod needs metadata; in firewall mode, open groups with --metadata-groups or paths with --allow-path (chart values metadata.groups and metadata.allowPaths)',
    403,
    'PERMISSION_DENIED',
  ),
  MetadataNotFound: entry(
    'the Pod is allowed to read the path, but the node has no such metadata',
    'Ignore it unless the path should exist: software that polls for spot notices or tags expects this answer',
    404,
    'NOT_FOUND',
    { level: 'debug' },
  ),
  HostNetwork: entry(
    "the Pod uses the host network, so its address is the node's",
    "Let the node's agent serve container credentials (--container-credentials, chart value containerCredentials.enabled) and give the Pod a token, or turn off hostNetwork",
    403,
    'PERMISSION_DENIED',
    { event: true },
  ),
  StaticPod: entry(
    'the Pod is a static Pod, and only the node vouches for its annotations',
    'Create the Pod through the API server, or give it credentials another way',
    403,
    'PERMISSION_DENIED',
    { event: true },
  ),
  AmbiguousIp: entry(
    'two live Pods claim the address',
    'Run rolegate-agent status --ip IP to see both Pods; the conflict ends when one of the Pods terminates',
    403,
    'FAILED_PRECONDITION',
    { level: 'warn' },
  ),
  ForeignNode: entry(
    'an agent requested something that belongs to another node',
    'Check that the agent uses the certificate of its own node; if it does, the request was forged: treat the node as stolen',
    403,
    'PERMISSION_DENIED',
    { level: 'error' },
  ),
  StsAccessDenied: entry(
    'STS denied access: the role does not trust the server, or the server is not allowed to assume it',
    'Add the server to the trust policy of the role, allow the server to assume the role, and wait a minute',
    200,
    'PERMISSION_DENIED',
    { event: true, level: 'warn' },
  ),
  StsInvalidRequest: entry(
    'STS rejected the request as invalid',
    'Correct the role, external ID or tags that the message names',
    200,
    'INVALID_ARGUMENT',
    { event: true, level: 'warn' },
  ),
  StsThrottled: entry(
    'STS throttles the account',
    'Raise the STS quota, or lower --sts-rate (chart value sts.rate); cached credentials stay in use',
    503,
    'RESOURCE_EXHAUSTED',
    { level: 'warn' },
  ),
  StsUnavailable: entry(
    'STS does not answer, or answers with an internal error',
    'Check the network path to the STS endpoint; cached credentials stay in use',
    503,
    'UNAVAILABLE',
    { level: 'warn' },
  ),
  StsRegionDisabled: entry(
    'STS is not activated in this region for the account',
    'Activate the region in IAM, or set another --region',
    503,
    'FAILED_PRECONDITION',
    { level: 'error' },
  ),
  ServerCredentials: entry(
    "the server's own AWS credentials are missing, expired or invalid",
    'Repair the credential source of the server; rolegate-server status shows the error from STS',
    503,
    'FAILED_PRECONDITION',
    { level: 'error' },
  ),
  ServerUnavailable: entry(
    'the agent is not connected to a server',
    'Check the servers and the network path to them; rolegate-agent status shows why none is connected, and running Pods are served from memory',
    503,
    'UNAVAILABLE',
    { level: 'warn' },
  ),
  HeldTimeout: entry(
    'the request was held as long as the SDK waits, and what it waited for did not arrive',
    'Find what it waited for in the log line; kubectl rolegate explain NAMESPACE/NAME shows what is still missing',
    503,
    'UNAVAILABLE',
    { level: 'warn' },
  ),
  CredentialsExpired: entry(
    'the cached credentials expired before new ones arrived',
    'Check the server and STS with rolegate-server status',
    503,
    'UNAVAILABLE',
    { level: 'error' },
  ),
  TokenInvalid: entry(
    'the token is invalid, has expired or was issued to another Pod',
    'Do nothing if it is a metadata token: SDKs request a new one themselves; for a ServiceAccount token, the detail of the log line says what is wrong with it',
    401,
    'UNAUTHENTICATED',
  ),
  TokenMissing: entry(
    'the request has no metadata token, and IMDSv1 is denied',
    'Use an SDK that supports IMDSv2, or set --imdsv1 audit (chart value imdsv1)',
    401,
    'UNAUTHENTICATED',
  ),
  TokenForeign: entry(
    'the ServiceAccount token came from an address that its Pod does not own',
    'Find both Pods in the audit line; unless one is a proxy that forwards requests, treat the ServiceAccount token as stolen',
    401,
    'UNAUTHENTICATED',
    { level: 'warn' },
  ),
  PathBlocked: entry(
    'the Pod is not allowed to read the path',
    'Open its group with --metadata-groups or the path with --allow-path (chart values metadata.groups and metadata.allowPaths), and check that rolegate.dev/metadata does not close it',
    404,
    'PERMISSION_DENIED',
  ),
  TooManyRequests: entry(
    'the Pod or the node has too many open requests or connections',
    'Find the Pod that sends requests in a loop; the log line of the refusal names it',
    503,
    'RESOURCE_EXHAUSTED',
    { level: 'warn' },
  ),
} as const satisfies Record<string, ReasonEntry>;

/** Why a request was refused or failed, or why a decision is not allow. */
export type Reason = keyof typeof reasons;

/** The remedy of a reason as the `hint` of a log line. */
export function hintFor(reason: Reason): string {
  return `${reasons[reason].remedy}.`;
}

/** True if this version knows the reason. A peer can be newer. */
export function isReason(word: string): word is Reason {
  return Object.hasOwn(reasons, word);
}

/** The only error class that crosses folders. `message` is for the operator, never for the Pod. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly reason: Reason;

  constructor(reason: Reason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

function entry<Http extends ReasonEntry['http']>(
  meaning: string,
  remedy: string,
  http: Http,
  grpc: keyof typeof status,
  { event = false, level = 'info' }: Partial<Pick<ReasonEntry, 'event' | 'level'>> = {},
): ReasonEntry & { readonly http: Http } {
  return { meaning, remedy, http, grpc, event, level };
}

import { status } from '@grpc/grpc-js';

/** What stands behind a reason: everything that logs, answers, Events and docs say about it comes from here. */
export interface ReasonEntry {
  /** One sentence: what it means. */
  readonly meaning: string;
  /** One sentence for the operator. */
  readonly remedy: string;
  /** HTTP status of the answer to a Pod that asks for credentials (DESIGN.md 4.2). */
  readonly http: 200 | 401 | 403 | 404 | 503;
  /** gRPC status where a server refuses an agent for this reason. */
  readonly grpc: status;
  /** True where the server writes a Warning Event on an annotated Pod. */
  readonly event: boolean;
  /** Of the log line; debug: no refusal. */
  readonly level: 'debug' | 'info' | 'warn' | 'error';
}

const { PERMISSION_DENIED, NOT_FOUND, UNAVAILABLE, FAILED_PRECONDITION, INVALID_ARGUMENT } = status;
const { UNAUTHENTICATED, RESOURCE_EXHAUSTED } = status;

/** The one table of reasons (DESIGN.md 4.8). The names are API: metric labels, log fields and wire values. */
export const reasons = {
  PodNotFound: entry(
    'no Pod of this node is known to hold the address',
    'see what the agent of the node knows of the address: rolegate-agent status --ip IP',
    503,
    NOT_FOUND,
  ),
  Pending: entry(
    'the decision waits for an object that has not been seen yet',
    'it resolves by itself; if it does not, look at the watch ages: rolegate-server status',
    503,
    UNAVAILABLE,
  ),
  NoRole: entry(
    'neither the Pod, its ServiceAccount nor its Namespace names a role',
    'annotate the Pod with iam.amazonaws.com/role if it needs AWS',
    404,
    NOT_FOUND,
  ),
  BadAnnotation: entry(
    'an annotation does not parse',
    'correct the annotation that the message names',
    403,
    INVALID_ARGUMENT,
    { event: true },
  ),
  NamespaceDenied: entry(
    'the Namespace does not permit what the Pod asks for',
    'permit it by iam.amazonaws.com/permitted on the Namespace, or correct the Pod; rolegate-server status --pod NAMESPACE/NAME says which rule decides',
    403,
    PERMISSION_DENIED,
    { event: true },
  ),
  BadNamespaceRule: entry(
    'an annotation of the Namespace that permits roles does not parse; nothing is permitted',
    'correct the annotation of the Namespace',
    403,
    FAILED_PRECONDITION,
    { event: true },
  ),
  OutsideCeiling: entry(
    'the role lies outside --role-ceiling, above which no Namespace can permit',
    'use a role inside the ceiling, or widen --role-ceiling',
    403,
    PERMISSION_DENIED,
    { event: true },
  ),
  RoleMismatch: entry(
    "the role asked for is not the Pod's own",
    'let the SDK ask for the role that the list shows',
    403,
    PERMISSION_DENIED,
  ),
  MetadataDenied: entry(
    'rolegate.dev/metadata, or --mode firewall of the agent, closes the metadata API',
    'remove or narrow the annotation if the Pod needs metadata; in firewall mode open single groups or paths',
    403,
    PERMISSION_DENIED,
  ),
  MetadataNotFound: entry(
    'the Pod may read the path, but the node has no such metadata',
    'usually nothing: software that looks for a spot notice or a tag expects this answer',
    404,
    NOT_FOUND,
    { level: 'debug' },
  ),
  HostNetwork: entry(
    "the Pod uses the host's network: its address is the node's",
    'give it a network of its own, or credentials by another way',
    403,
    PERMISSION_DENIED,
    { event: true },
  ),
  StaticPod: entry(
    'the Pod is a static Pod: its annotations are the word of the node alone',
    'run it from the API, or give it credentials by another way',
    403,
    PERMISSION_DENIED,
    { event: true },
  ),
  AmbiguousIp: entry(
    'two live Pods hold the address',
    'see both Pods: rolegate-agent status --ip IP; it resolves when one of them ends',
    403,
    FAILED_PRECONDITION,
    { level: 'warn' },
  ),
  ForeignNode: entry(
    'an agent asked for what belongs to another node',
    'check the certificate of the agent; if it is right, treat the node as stolen',
    403,
    PERMISSION_DENIED,
    { level: 'error' },
  ),
  StsAccessDenied: entry(
    "STS refuses: the trust policy of the role, or the server's right to assume it",
    'let the role trust the server, and let the server assume it; then wait a minute',
    200,
    PERMISSION_DENIED,
    { event: true, level: 'warn' },
  ),
  StsInvalidRequest: entry(
    'STS refuses the request as it is',
    'correct the role, external ID or tags that the message names',
    200,
    INVALID_ARGUMENT,
    { event: true, level: 'warn' },
  ),
  StsThrottled: entry(
    'STS throttles the account',
    'raise the quota, or lower --sts-rate; held credentials go on meanwhile',
    503,
    RESOURCE_EXHAUSTED,
    { level: 'warn' },
  ),
  StsUnavailable: entry(
    'STS does not answer, or answers with a fault of its own',
    'check the way to the STS endpoint; held credentials go on meanwhile',
    503,
    UNAVAILABLE,
    { level: 'warn' },
  ),
  StsRegionDisabled: entry(
    'STS is not activated in this region for the account',
    'activate the region in IAM, or choose another --region',
    503,
    FAILED_PRECONDITION,
    { level: 'error' },
  ),
  ServerCredentials: entry(
    "the server's own AWS credentials are missing, expired or wrong",
    'mend the credential source of the server; rolegate-server status says what STS makes of it',
    503,
    FAILED_PRECONDITION,
    { level: 'error' },
  ),
  ServerUnavailable: entry(
    'the agent has no server to ask',
    'look at the servers and the way to them, rolegate-agent status says why none is connected; running Pods go on from memory',
    503,
    UNAVAILABLE,
    { level: 'warn' },
  ),
  HeldTimeout: entry(
    'the request was held as long as the SDK waits, in vain',
    'the log line names what was waited for; rolegate-agent status --pod NAMESPACE/NAME says what is missing now',
    503,
    UNAVAILABLE,
    { level: 'warn' },
  ),
  CredentialsExpired: entry(
    'the held credentials have expired and no newer came',
    'look at the server and at STS: rolegate-server status',
    503,
    UNAVAILABLE,
    { level: 'error' },
  ),
  TokenInvalid: entry(
    'the metadata token is wrong, expired, or was given to another Pod',
    'let the SDK fetch a new token',
    401,
    UNAUTHENTICATED,
  ),
  TokenMissing: entry(
    'the request has no metadata token, and IMDSv1 is denied',
    'use an SDK that speaks IMDSv2, or --imdsv1 audit',
    401,
    UNAUTHENTICATED,
  ),
  TokenForeign: entry(
    'the ServiceAccount token came from an address that its Pod does not have',
    'the audit line names both Pods: if it is no proxy that passes requests on, treat the token as stolen',
    401,
    UNAUTHENTICATED,
    { level: 'warn' },
  ),
  PathBlocked: entry(
    'this Pod may not read the path',
    'open its group by --metadata-groups, or the path by --allow-path; rolegate.dev/metadata may close either',
    404,
    PERMISSION_DENIED,
  ),
  TooManyRequests: entry(
    'the Pod or the node has too many requests or connections open',
    'look for a Pod that asks in a loop: the log line of the refusal names it',
    503,
    RESOURCE_EXHAUSTED,
    { level: 'warn' },
  ),
} as const satisfies Record<string, ReasonEntry>;

/** Why a request was refused or failed, or why a decision is not allow. */
export type Reason = keyof typeof reasons;

/** True for a word of the table: what comes over the wire may be of a newer version. */
export function isReason(word: string): word is Reason {
  return Object.hasOwn(reasons, word);
}

/** The one error class that may cross a folder's border. `message` is for the operator, never for the Pod. */
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
  grpc: status,
  { event = false, level = 'info' }: Partial<Pick<ReasonEntry, 'event' | 'level'>> = {},
): ReasonEntry & { readonly http: Http } {
  return { meaning, remedy, http, grpc, event, level };
}

import { containerCredentials } from '@rolegate/protocol';
import { METADATA, PROXY_URL } from '../../network/addresses.ts';

/** The Pod in which a client runs, and how the endpoint answers it. */
export interface Situation {
  readonly title: string;
  /** The Namespace and the role of the Pod that asks; a Pod without a role has no annotation. */
  readonly namespace: 'open' | 'closed';
  readonly role?: string;
  /** True: the Pod's token has a signature by nobody. */
  readonly badToken?: true;
  /** True: STS fails for the role. */
  readonly stsFails?: true;
  /** Variables of the Pod besides the injected ones. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Programs read one or the other spelling. */
function inBothCases(name: string, value: string): Readonly<Record<string, string>> {
  return { [name]: value, [name.toLowerCase()]: value };
}

/** Those of the metadata API too: through a proxy a client would get credentials of the proxy's own node. */
const ENDPOINTS = [containerCredentials.addresses, METADATA].flatMap((addresses) => Object.values(addresses));
const PROXY = inBothCases('HTTP_PROXY', PROXY_URL);
const NO_PROXY = inBothCases('NO_PROXY', ENDPOINTS.join(','));

/** Refusals and failures, in the order of the table. */
export const failures = {
  '401': { title: 'HTTP 401 because of a bad token', namespace: 'open', role: 'team/served', badToken: true },
  '403': {
    title: 'HTTP 403 because its Namespace does not permit the role',
    namespace: 'closed',
    role: 'team/denied',
  },
  '404': { title: 'HTTP 404 because its Pod has no role', namespace: 'open' },
  '503': { title: 'HTTP 503 at once', namespace: 'open', role: 'team/failing', stsFails: true },
  held: {
    title: 'HTTP 503 after 850 ms because STS fails',
    namespace: 'open',
    role: 'team/failing',
    stsFails: true,
  },
} as const satisfies Record<string, Situation>;
export type FailureName = keyof typeof failures;
export const failureNames = Object.keys(failures) as FailureName[];

/** The status of the endpoint's answer. */
export function statusOf(failure: FailureName): string {
  return failure === 'held' ? '503' : failure;
}

export const situations = {
  ...failures,
  served: { title: 'HTTP 200', namespace: 'open', role: 'team/served' },
  /** Its Pods are created after STS has begun to give short sessions. */
  renewed: { title: 'HTTP 200 with a session that ends soon', namespace: 'open', role: 'team/renewed' },
  /** A proxy that reaches the endpoint from another address than the Pod's. */
  proxied: { title: 'an HTTP proxy', namespace: 'open', role: 'team/served', variables: PROXY },
  /** As the documentation advises. */
  excepted: {
    title: 'an HTTP proxy that is for neither endpoint',
    namespace: 'open',
    role: 'team/served',
    variables: { ...PROXY, ...NO_PROXY },
  },
} as const satisfies Record<string, Situation>;
export type SituationName = keyof typeof situations;

/** The cluster's Namespaces with their annotations. */
export const clusterNamespaces = { open: { 'iam.amazonaws.com/permitted': '.*' }, closed: {} } as const;

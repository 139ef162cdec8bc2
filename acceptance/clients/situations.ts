/** How the endpoint answers a client. */
export interface Situation {
  readonly title: string;
  /** The Namespace and the role of the Pod that asks; a Pod without a role has no annotation. */
  readonly namespace: 'open' | 'closed';
  readonly role?: string;
  /** True: the Pod's token has a signature by nobody. */
  readonly badToken?: true;
  /** True: STS fails for the role. */
  readonly stsFails?: true;
}

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

export const situations = {
  ...failures,
  served: { title: 'HTTP 200', namespace: 'open', role: 'team/served' },
  /** Its Pods are created after STS has begun to give short sessions. */
  renewed: { title: 'HTTP 200 with a session that ends soon', namespace: 'open', role: 'team/renewed' },
} as const satisfies Record<string, Situation>;
export type SituationName = keyof typeof situations;

/** The cluster's Namespaces with their annotations. */
export const clusterNamespaces = { open: { 'iam.amazonaws.com/permitted': '.*' }, closed: {} } as const;

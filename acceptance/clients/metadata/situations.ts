import type { Client } from '../client.ts';

/** How the Pod of a client stands with the agent, and what the client is told. */
export interface MetadataSituation {
  /** Completes "NAME …". */
  readonly title: string;
  readonly namespace: 'open' | 'closed';
  /** A Pod without a role has no annotation. */
  readonly role?: string;
  /** The Pod's address becomes known so long after its first request. Milliseconds. */
  readonly lateMs?: number;
  /** True: the Pod reaches the metadata API by IPv6 only. */
  readonly ipv6Only?: true;
  /** True: every token that the client shows is replaced by one that nobody has issued. */
  readonly breaksTokens?: true;
  /** Argument of the program. */
  readonly word?: 'region' | 'crowd';
}

const served = { namespace: 'open', role: 'team/served' } as const;

export const metadataSituations = {
  known: { title: 'gets the credentials of the role of its Pod', ...served },
  late300: {
    title: 'gets credentials on the first try if its Pod becomes known 300 ms after it asks',
    ...served,
    lateMs: 300,
  },
  late900: {
    title: 'asks 900 ms before its Pod becomes known',
    ...served,
    lateMs: 900,
  },
  late3000: {
    title: 'asks 3 s before its Pod becomes known',
    ...served,
    lateMs: 3_000,
  },
  heldLonger: {
    title:
      'gets credentials on the first try if its Pod becomes known 900 ms after it asks and requests are held for 950 ms',
    ...served,
    lateMs: 900,
  },
  region: { title: 'gets the region', ...served, word: 'region' },
  crowd: { title: 'gets credentials for 100 workers that ask at once', ...served, word: 'crowd' },
  ipv6: { title: 'gets credentials by the IPv6 address', ...served, ipv6Only: true },
  imdsv2: {
    title: 'gets credentials where IMDSv2 is required, unless it asks without a token',
    ...served,
  },
  /** Its Pods are created after STS has begun to give short sessions. */
  restart: {
    title: 'gets new credentials after a restart of the agent when its session has ended',
    namespace: 'open',
    role: 'team/renewed',
  },
  '401': {
    title: 'gets nothing after HTTP 401 because of a bad token, and stops asking',
    ...served,
    breaksTokens: true,
  },
  '403': {
    title: 'gets nothing after HTTP 403 because its Namespace does not permit the role, and stops asking',
    namespace: 'closed',
    role: 'team/denied',
  },
  '404': {
    title: 'gets nothing after HTTP 404 because its Pod has no role, and stops asking',
    namespace: 'open',
  },
  '503': {
    title: 'gets nothing after HTTP 503 because STS fails, and stops asking',
    namespace: 'open',
    role: 'team/failing',
  },
} as const satisfies Record<string, MetadataSituation>;

export type MetadataSituationName = keyof typeof metadataSituations;

/** Those in which a client gets nothing. */
export type RefusalName = '401' | '403' | '404' | '503';

const everyone = () => true;
const withCredentials = ({ metadataOnly }: Client) => metadataOnly !== true;

/** Which clients a situation tells something about. */
export const triedWith: Readonly<Record<MetadataSituationName, (client: Client) => boolean>> = {
  known: everyone,
  late300: everyone,
  late900: everyone,
  late3000: everyone,
  heldLonger: ({ asksAgain, patient, hurried }) => asksAgain !== true && patient !== true && hurried !== true,
  region: ({ asksRegion }) => asksRegion === true,
  crowd: ({ crowd }) => crowd === true,
  ipv6: ({ ipv6 }) => ipv6 !== undefined,
  imdsv2: everyone,
  restart: (client) =>
    withCredentials(client) && client.misreads === undefined && client.needsLongSessions === undefined,
  // A client without a token gets 401 where IMDSv2 is required.
  '401': ({ imdsv1 }) => imdsv1 !== true,
  '403': withCredentials,
  '404': withCredentials,
  '503': withCredentials,
};

import { randomUUID } from 'node:crypto';
import type { Database } from './database.ts';
import type { IssuerRoutes } from './issuer.ts';
import { isRecord } from './object.ts';
import type { StoredObject } from './object.ts';
import { issueServiceAccountToken } from './service-account-token.ts';
import type { ServiceAccountClaims, TestIssuerKey } from './service-account-token.ts';
import { Failure } from './status.ts';

/** A token as kube-apiserver would sign it. */
export interface TestToken {
  readonly audiences?: readonly string[];
  /** `<namespace>/<name>` of the ServiceAccount. Defaults to that of the bound Pod. */
  readonly serviceAccount?: string;
  /** `<namespace>/<name>` of the bound Pod, which must exist. Undefined if it is not bound. */
  readonly pod?: string;
  /** The node in the token. Defaults to the Pod's; false for clusters that name none (before about 1.30). */
  readonly node?: string | false;
  /** Defaults to an hour from now. Milliseconds since the epoch. */
  readonly endsMs?: number;
  /** True: the token stays valid when its Pod was deleted, as with the real one's caches for some 12 s. */
  readonly outlivesPod?: boolean;
  /** Signs it. Defaults to the published key that signs; with another one, only a review accepts it. */
  readonly key?: TestIssuerKey;
  /** Its `iss`. Defaults to the published issuer. */
  readonly issuer?: string;
}

export interface TokenReviews {
  /** Issues a token that reviews accept. */
  readonly issue: (token?: TestToken) => string;
  /** Answers a posted TokenReview. */
  readonly answer: (body: string) => object;
  /** Number of reviews. */
  readonly count: number;
}

interface IssuedToken {
  readonly audiences: readonly string[];
  readonly username: string;
  readonly extra: Readonly<Record<string, readonly string[]>>;
  readonly endsMs: number;
  /** Undefined if the token is valid without a Pod. */
  readonly pod: { readonly namespace: string; readonly name: string; readonly uid: string } | undefined;
}

const EXTRA = 'authentication.kubernetes.io/';
const HOUR_MS = 3_600_000;

export interface TokenReviewsDeps extends Pick<IssuerRoutes, 'issuer' | 'signingKey'> {
  readonly database: Database;
}

export function createTokenReviews({ database, issuer, signingKey }: TokenReviewsDeps): TokenReviews {
  const issued = new Map<string, IssuedToken>();
  let count = 0;

  function podOf(name: string): StoredObject {
    const [namespace = '', pod = ''] = name.split('/');
    const object = database.get('Pod', namespace, pod);
    if (object === undefined) throw new Error(`no Pod ${name} to bind a token to`);
    return object;
  }

  const isThere: IsThere = ({ namespace, name, uid }) =>
    database.get('Pod', namespace, name)?.metadata.uid === uid;

  return {
    issue(token = {}) {
      const { claims, ...reviewed } = contentOf(
        token,
        token.pod === undefined ? undefined : podOf(token.pod),
      );
      const text = issueServiceAccountToken(
        { iss: token.issuer ?? issuer.url, ...claims },
        token.key ?? signingKey(),
      );
      issued.set(text, reviewed);
      return text;
    },
    answer(body) {
      count += 1;
      const { token, audiences } = specOf(body);
      if (typeof token !== 'string' || token === '')
        throw new Failure(400, 'token is required for TokenReview in authentication');
      const wanted = Array.isArray(audiences) ? audiences.map(String) : [];
      return {
        kind: 'TokenReview',
        apiVersion: 'authentication.k8s.io/v1',
        metadata: {},
        spec: { token, audiences },
        status: review(issued.get(token), wanted, isThere),
      };
    },
    get count() {
      return count;
    },
  };
}

/** What the token says of itself, and the result of its review. */
function contentOf(
  token: TestToken,
  pod: StoredObject | undefined,
): IssuedToken & { readonly claims: Omit<ServiceAccountClaims, 'iss'> } {
  const { audiences = ['rolegate-server'], node, endsMs = Date.now() + HOUR_MS, outlivesPod = false } = token;
  const spec = isRecord(pod?.['spec']) ? pod['spec'] : {};
  const account =
    token.serviceAccount ?? `${pod?.metadata.namespace ?? ''}/${String(spec['serviceAccountName'])}`;
  const [namespace = '', name = ''] = account.split('/');
  const username = `system:serviceaccount:${namespace}:${name}`;
  const named = node ?? (pod === undefined ? false : String(spec['nodeName']));
  const id = randomUUID();
  const bound = pod && { name: pod.metadata.name, uid: pod.metadata.uid };
  const ofNode = named === false ? undefined : { name: named, uid: `uid-of-${named}` };
  const extra = {
    'credential-id': `JTI=${id}`,
    ...(bound && { 'pod-name': bound.name, 'pod-uid': bound.uid }),
    ...(ofNode && { 'node-name': ofNode.name, 'node-uid': ofNode.uid }),
  };
  const now = Math.floor(Math.min(Date.now(), endsMs - HOUR_MS) / 1000);
  return {
    claims: {
      aud: audiences,
      exp: Math.floor(endsMs / 1000),
      iat: now,
      nbf: now,
      jti: id,
      'kubernetes.io': {
        namespace,
        serviceaccount: { name, uid: `uid-of-${name}` },
        ...(bound && { pod: bound }),
        ...(ofNode && { node: ofNode }),
      },
      sub: username,
    },
    audiences,
    endsMs,
    username,
    extra: Object.fromEntries(Object.entries(extra).map(([key, value]) => [`${EXTRA}${key}`, [value]])),
    pod:
      bound === undefined || outlivesPod ? undefined : { ...bound, namespace: pod?.metadata.namespace ?? '' },
  };
}

type IsThere = (pod: NonNullable<IssuedToken['pod']>) => boolean;

/** The status of a TokenReview, worded as in kube-apiserver 1.34. */
function review(token: IssuedToken | undefined, wanted: readonly string[], isThere: IsThere): object {
  if (token === undefined) return refused('invalid bearer token');
  const { audiences, username, extra, endsMs, pod } = token;
  if (endsMs <= Date.now()) {
    return refused('[invalid bearer token, service account token has expired]');
  }
  const fit = audiences.filter((audience) => wanted.includes(audience));
  if (fit.length === 0) {
    const lists = [audiences, wanted].map((all) => JSON.stringify(all).replaceAll(',', ' '));
    return refused(
      `[invalid bearer token, token audiences ${String(lists[0])} is invalid for the target audiences ${String(lists[1])}]`,
    );
  }
  if (pod !== undefined && !isThere(pod)) {
    return refused('[invalid bearer token, service account token has been invalidated]');
  }
  const [, , account = ''] = username.split(':');
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${account}`, 'system:authenticated'];
  return { authenticated: true, user: { username, uid: 'uid', groups, extra }, audiences: fit };
}

function refused(error: string): object {
  return { user: {}, error };
}

function specOf(body: string): Record<string, unknown> {
  try {
    const { spec } = JSON.parse(body) as { spec?: unknown };
    if (isRecord(spec)) return spec;
  } catch {
    // Handled below as something that is not an object.
  }
  throw new Failure(400, 'the object provided is unrecognized (must be of type TokenReview)');
}

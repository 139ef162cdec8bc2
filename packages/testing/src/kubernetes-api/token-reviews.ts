import { randomUUID } from 'node:crypto';
import type { Database } from './database.ts';
import { isRecord } from './object.ts';
import type { StoredObject } from './object.ts';
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

/** Three parts like a projected token. The signature is not real. */
function jwtOf(claims: object): string {
  const [head, body] = [{ alg: 'none', kid: 'test-token' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  return `${head}.${body}.${randomUUID().replaceAll('-', '')}`;
}

export function createTokenReviews({ database }: { database: Database }): TokenReviews {
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
      const { text, ...rest } = sign(token, token.pod === undefined ? undefined : podOf(token.pod));
      issued.set(text, rest);
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

/** The token's text and the result of its review. */
function sign(token: TestToken, pod: StoredObject | undefined): IssuedToken & { readonly text: string } {
  const { audiences = ['rolegate-server'], node, endsMs = Date.now() + HOUR_MS, outlivesPod = false } = token;
  const spec = isRecord(pod?.['spec']) ? pod['spec'] : {};
  const account =
    token.serviceAccount ?? `${pod?.metadata.namespace ?? ''}/${String(spec['serviceAccountName'])}`;
  const username = `system:serviceaccount:${account.replace('/', ':')}`;
  const named = node ?? (pod === undefined ? false : String(spec['nodeName']));
  const claims = {
    'credential-id': `JTI=${randomUUID()}`,
    ...(pod && { 'pod-name': pod.metadata.name, 'pod-uid': pod.metadata.uid }),
    ...(named !== false && { 'node-name': named, 'node-uid': `uid-of-${named}` }),
  };
  const { name = '', namespace = '', uid = '' } = pod?.metadata ?? {};
  const text = jwtOf({
    aud: audiences,
    exp: Math.floor(endsMs / 1000),
    jti: claims['credential-id'],
    'kubernetes.io': { namespace, ...(pod && { pod: { name, uid } }) },
    sub: username,
  });
  return {
    text,
    audiences,
    endsMs,
    username,
    extra: Object.fromEntries(Object.entries(claims).map(([key, value]) => [`${EXTRA}${key}`, [value]])),
    pod: pod === undefined || outlivesPod ? undefined : { name, namespace, uid },
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

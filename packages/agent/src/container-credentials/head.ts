import { containerCredentials, LONGEST_SERVICE_ACCOUNT_TOKEN } from '@rolegate/protocol';
import type { RequestHead } from '@rolegate/runtime';
import { fault, refusal } from '../pod-http/answer/answer.ts';
import type { Answer } from '../pod-http/answer/answer.ts';
import type { ReadHead } from '../pod-http/exchange.ts';
import { readHeaders } from '../pod-http/read-headers.ts';
import { clientOf } from '../pod-http/sdk.ts';

/** The content of a request to the endpoint. */
export interface CredentialsHead extends ReadHead {
  /** It is for the only path of the endpoint. */
  readonly isPath: boolean;
  readonly host: string | undefined;
  /** The ServiceAccount token. Never logged. */
  readonly authorization: string | undefined;
  /** One of the two occurs several times, so it is ambiguous. */
  readonly repeated: boolean;
}

/** As on the metadata API, repeated slashes are one (DESIGN.md 4.3). */
const REPEATED_SLASHES = /\/{2,}/g;
/** What a JSON Web Signature in its compact form consists of (RFC 7515, 7.1). No SDK sends a scheme before it. */
const BARE_TOKEN = /^[A-Za-z0-9_.-]+$/;

/** The first two must not be repeated. */
const NAMES = ['host', 'authorization', 'user-agent'];
const ONCE = 2;

/** Reads the head of a request. */
export function readCredentialsHead({ method, target, headers }: RequestHead): CredentialsHead {
  const path = (target.split('?', 1)[0] ?? '').replace(REPEATED_SLASHES, '/');
  const isPath = path === containerCredentials.path;
  const { values, repeated } = readHeaders(headers, NAMES, ONCE);
  const [host, authorization, userAgent = ''] = values;
  return {
    host,
    authorization,
    repeated,
    method,
    isPath,
    routeName: 'container-credentials',
    asks: isPath && method === 'GET' ? 'credentials' : undefined,
    ...clientOf(userAgent),
    imds: undefined,
  };
}

/** A request whose answer depends on its token. */
export interface WithToken {
  readonly token: string;
}

/** The checks before the token is judged, in the order of DESIGN 4.3: refusals that are the same for every Pod. */
export function earlyRefusal(
  { method, isPath, host, authorization, repeated }: CredentialsHead,
  isHostAllowed: (host: string | undefined) => boolean,
): Answer | WithToken {
  if (repeated)
    return fault(400, 'MalformedRequest', { detail: 'a header that is allowed once occurs several times' });
  if (!isHostAllowed(host)) return fault(403, 'HostNotAllowed');
  if (!isPath)
    return refusal('PathBlocked', { detail: `the endpoint has only ${containerCredentials.path}` });
  if (method !== 'GET') return fault(405, 'MethodNotAllowed', { headers: ['Allow', 'GET'] });
  if (authorization === undefined || authorization === '') return fault(400, 'AuthorizationMissing');
  const detail = formFault(authorization);
  return detail === undefined ? { token: authorization } : refusal('TokenInvalid', { detail });
}

function formFault(authorization: string): string | undefined {
  if (authorization.length > LONGEST_SERVICE_ACCOUNT_TOKEN)
    return `the Authorization header has more than ${LONGEST_SERVICE_ACCOUNT_TOKEN} bytes`;
  return BARE_TOKEN.test(authorization)
    ? undefined
    : 'the Authorization header is not a bare ServiceAccount token';
}

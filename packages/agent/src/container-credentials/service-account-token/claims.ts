import { record } from '@rolegate/runtime';
import type { TokenClaims } from '../token-judge.ts';
import type { TokenFault } from './parse-token.ts';

/** The clocks of API server and node may differ by this much. */
const LEEWAY_SECONDS = 60;
/** Longer than any issuer of a cluster. Characters. */
export const LONGEST_ISSUER = 1_024;

const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const UID = /^[A-Za-z0-9-]{1,64}$/;

/** What a token says, in our types. */
export interface CheckedClaims {
  readonly pod: TokenClaims;
  readonly issuer: string;
  /** The token is accepted until then, leeway included. Milliseconds since the epoch. */
  readonly acceptedUntilMs: number;
}

export interface ClaimsContext {
  /** The only audience that the token may have. */
  readonly audience: string;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** Checks all claims but whether the issuer is accepted, whoever has signed them. */
export function checkClaims(
  claims: Readonly<Record<string, unknown>>,
  { audience, nowMs }: ClaimsContext,
): CheckedClaims | TokenFault {
  const { iss, aud } = claims;
  if (typeof iss !== 'string' || iss === '' || iss.length > LONGEST_ISSUER)
    return { fault: 'it has no issuer' };
  if (!isOnly(aud, audience)) return { fault: `its audience is not ${audience} alone` };
  const times = checkTimes(claims, nowMs);
  if ('fault' in times) return times;
  const pod = boundPod(claims);
  return 'fault' in pod ? pod : { pod, issuer: iss, ...times };
}

function isOnly(aud: unknown, audience: string): boolean {
  return Array.isArray(aud) ? aud.length === 1 && aud[0] === audience : aud === audience;
}

/** Accepted at `acceptedUntilMs`, expired after it. */
export function isExpired(
  { acceptedUntilMs }: Pick<CheckedClaims, 'acceptedUntilMs'>,
  nowMs: number,
): boolean {
  return nowMs > acceptedUntilMs;
}

export const EXPIRED = 'it has expired';

function checkTimes(
  { exp, nbf, iat }: Readonly<Record<string, unknown>>,
  nowMs: number,
): Pick<CheckedClaims, 'acceptedUntilMs'> | TokenFault {
  if (!isSeconds(exp) || !isSeconds(nbf) || !isSeconds(iat))
    return { fault: 'its times (exp, nbf, iat) are not whole seconds since the epoch' };
  const times = { acceptedUntilMs: (exp + LEEWAY_SECONDS) * 1000 };
  if (isExpired(times, nowMs)) return { fault: EXPIRED };
  if (nowMs < (Math.max(nbf, iat) - LEEWAY_SECONDS) * 1000)
    return { fault: 'it is not valid yet: check the time of the node and the API server' };
  return times;
}

function isSeconds(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** The Pod of a projected token, and its ServiceAccount. */
function boundPod(claims: Readonly<Record<string, unknown>>): TokenClaims | TokenFault {
  const { sub, 'kubernetes.io': bound } = claims;
  const { namespace, pod, serviceaccount } = record(bound);
  const { name: podName, uid: podUid } = record(pod);
  const { name: serviceAccount } = record(serviceaccount);
  if (pod === undefined)
    return { fault: 'it is not bound to a Pod: only tokens of a projected volume in the Pod are' };
  if (
    !isLike(NAME, namespace) ||
    !isLike(NAME, podName) ||
    !isLike(UID, podUid) ||
    !isLike(NAME, serviceAccount)
  )
    return { fault: 'it does not name a Pod and its ServiceAccount' };
  if (sub !== `system:serviceaccount:${namespace}:${serviceAccount}`)
    return { fault: 'its subject is not the ServiceAccount that it names' };
  return { podUid, podName, namespace, serviceAccount };
}

function isLike(pattern: RegExp, value: unknown): value is string {
  return typeof value === 'string' && pattern.test(value);
}

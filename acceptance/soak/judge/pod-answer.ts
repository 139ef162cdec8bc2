import { RECOVERED_WITHIN_MS } from '../../chaos/matrix/judge.ts';
import type { Trouble } from '../faults/trouble.ts';

/** What a Pod is entitled to. Times are by performance.now(). */
export interface Entitlement {
  readonly role: string;
  /** Whether its Namespace permits the role. */
  readonly permitted: boolean;
  /** When that became so. */
  readonly sinceMs: number;
  /** It was permitted at some time. */
  readonly everPermitted: boolean;
  /** It has got credentials since then. */
  readonly served: boolean;
}

/** The answer to a Pod that fetched its credentials. */
export interface PodAnswer {
  /** 0 if there was none; `body` says why. */
  readonly status: number;
  readonly body: string;
  /** The role that the list named, if the client asked for it. */
  readonly role: string;
  readonly startMs: number;
}

/** What is wrong with the answer. Undefined if the promises allow it. */
export function problemOf(
  answer: PodAnswer,
  { role, permitted, sinceMs, everPermitted, served }: Entitlement,
  { lastMs, mayFail }: Trouble,
): string | undefined {
  const { status, body, startMs } = answer;
  const quietMs = startMs - Math.max(sinceMs, lastMs);
  const kind = status === 0 ? body : String(status);
  if (status === 200 && answer.role !== role) return `was given the role ${answer.role}`;
  if (status === 200 && !everPermitted) return 'got credentials, and its role was never permitted';
  if (status === 200 && !permitted && quietMs > RECOVERED_WITHIN_MS)
    return `got credentials ${Math.round(quietMs / 1000)} s after its permit was revoked`;
  if (status === 200 || !permitted) return undefined;
  if (served) {
    const isAllowed = startMs <= lastMs && mayFail?.test(kind) === true;
    return isAllowed ? undefined : `had been served, and then got ${kind}`;
  }
  return quietMs > RECOVERED_WITHIN_MS
    ? `got ${kind} ${Math.round(quietMs / 1000)} s after it was permitted`
    : undefined;
}

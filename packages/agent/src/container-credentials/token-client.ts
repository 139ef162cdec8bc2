import type { ClientName } from '@rolegate/runtime';
import type { Caller } from '../addresses/caller.ts';
import type { KnownPod } from '../feed/table/known-pod.ts';
import { clientOf } from '../pod-http/connections.ts';

/**
 * The client whose budget pays for a token. Pods on the host network share addresses, so there each Pod that a token claims is
 * a client of its own. Elsewhere a claim means nothing: the Pod that has the address pays.
 */
export function tokenClientOf(caller: Caller, ip: string, claimed: KnownPod | undefined): ClientName {
  const isNode = caller.kind === 'node' || caller.kind === 'unknown';
  return isNode && claimed?.hostNetwork === true
    ? { group: claimed.namespace, name: claimed.uid }
    : clientOf(caller, ip);
}

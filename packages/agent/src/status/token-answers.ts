import { formatHostPort } from '@rolegate/runtime';
import type { CredentialsListening } from '../container-credentials/listening.ts';
import { answerProven } from '../container-credentials/rows.ts';
import type { CredentialsAction } from '../container-credentials/rows.ts';
import type { IssuerKeys } from '../container-credentials/service-account-token/issuer-keys.ts';
import type { ServingState } from '../container-credentials/serving-state.ts';
import type { KnownPod } from '../feed/table/known-pod.ts';
import { described } from './answers-now.ts';
import type { Surroundings } from './answers-now.ts';

/** What the status reads about container credentials. */
export interface CredentialsReadings {
  readonly listening: Pick<CredentialsListening, 'addresses'>;
  readonly serving: Pick<ServingState, 'current'>;
  readonly keys: Pick<IssuerKeys, 'count' | 'condition'>;
}

/** The endpoint as the status shows it. */
export interface CredentialsFacts {
  /** `waitsFor`: why the agent does not listen there; undefined: it does. */
  readonly addresses: readonly { readonly address: string; readonly waitsFor: string | undefined }[];
  /** How many keys that verify ServiceAccount tokens are held, and whether they count. */
  readonly keys: number;
  readonly keysCondition: 'none' | 'current' | 'outdated';
}

export function credentialsFacts({ listening, keys }: CredentialsReadings): CredentialsFacts {
  return {
    addresses: listening.addresses().map(({ at, waitsFor }) => ({ address: formatHostPort(at), waitsFor })),
    keys: keys.count(),
    keysCondition: keys.condition(),
  };
}

/** For people: faults are in capitals. No line if the agent does not serve them. */
export function credentialsFactLines(
  facts: CredentialsFacts | undefined,
): (readonly [name: string, value: string])[] {
  if (facts === undefined) return [];
  const { addresses, keys, keysCondition } = facts;
  const places = addresses.map(({ address, waitsFor }) =>
    waitsFor === undefined
      ? `listening on ${address}`
      : `NOT LISTENING on ${address}: waiting for ${waitsFor}`,
  );
  const held = keysCondition === 'outdated' ? `keys: ${keys}, OUTDATED` : `keys: ${keys}`;
  return [['container credentials', [...places, held].join(', ')]];
}

/** True if the Pod gets credentials by its ServiceAccount token only: the metadata API refuses it whatever its decision is. */
export function isByTokenOnly({ hostNetwork, metadata }: KnownPod): boolean {
  return hostNetwork || metadata.denied;
}

/** The action for a request with a valid token of the Pod, from where the Pod is. */
export function tokenAction(pod: KnownPod, { session, monotonicMs }: Surroundings): CredentialsAction {
  return answerProven({ pod, session, monotonicMs });
}

/** What such a request would be answered now. Contains nothing of a document. */
export function answerByToken(pod: KnownPod, around: Surroundings): string {
  return pod.ended ? '401 TokenInvalid' : described(tokenAction(pod, around), 'the credentials, from memory');
}

import type { DecisionInputs__Output } from './generated/rolegate/v1/DecisionInputs.ts';

/** etcd revisions have 64 bits. Longer texts are not revisions and would only cost time. */
const DECIMAL = /^[0-9]{1,20}$/;

/**
 * True if both are decimal and `version` is smaller. Kubernetes allows comparing resourceVersions of one kind this way
 * (KEP-5504). Others cannot be compared.
 */
export function isOlderVersion(version: string, than: string): boolean {
  return DECIMAL.test(version) && DECIMAL.test(than) && BigInt(version) < BigInt(than);
}

/** The newer one. A version that can be compared is preferred. */
export function laterVersion(a: string, b: string): string {
  return isOlderVersion(a, b) || !DECIMAL.test(a) ? b : a;
}

/** True if it is a resourceVersion that can be compared. */
export function isVersion(version: string): boolean {
  return DECIMAL.test(version);
}

/**
 * Digests of what a decision reads from each object: `absent` if it does not exist, `unseen` if it has not been seen
 * yet.
 */
export type DecisionInputs = Readonly<DecisionInputs__Output>;

/** True if an object has changed, as far as known: `unseen` differs from nothing. */
export function inputsDiffer(former: DecisionInputs, now: DecisionInputs): boolean {
  return (['pod', 'namespace', 'serviceAccount'] as const).some(
    (object) => now[object] !== 'unseen' && now[object] !== former[object],
  );
}

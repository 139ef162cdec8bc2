import type { DecisionInputs__Output } from './generated/rolegate/v1/DecisionInputs.ts';

/** etcd counts in 64 bits: longer ones are no revisions, and would only cost time. */
const DECIMAL = /^[0-9]{1,20}$/;

/**
 * True if both are decimal and `version` is the smaller: Kubernetes lets resourceVersions of one kind be compared so
 * (KEP-5504). Of others nothing can be said.
 */
export function isOlderVersion(version: string, than: string): boolean {
  return DECIMAL.test(version) && DECIMAL.test(than) && BigInt(version) < BigInt(than);
}

/** The newer one. What cannot be compared does not displace what can. */
export function laterVersion(a: string, b: string): string {
  return isOlderVersion(a, b) || !DECIMAL.test(a) ? b : a;
}

/** Whether it is a resourceVersion that can be compared. */
export function isVersion(version: string): boolean {
  return DECIMAL.test(version);
}

/** Digests of what a decision reads of each object; `absent` for one that does not exist, `unseen` for one not seen (yet). */
export type DecisionInputs = Readonly<DecisionInputs__Output>;

/** Whether an object has changed since, as far as that is known: `unseen` differs from nothing. */
export function inputsDiffer(former: DecisionInputs, now: DecisionInputs): boolean {
  return (['pod', 'namespace', 'serviceAccount'] as const).some(
    (object) => now[object] !== 'unseen' && now[object] !== former[object],
  );
}

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

/** The resourceVersions of the objects that a decision was made on; '' where one was not there. */
export interface DecidedOn {
  readonly pod: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** etcd counts in 64 bits: longer ones are no revisions, and would only cost time. */
const DECIMAL = /^[0-9]{1,20}$/;

/**
 * True where both are decimal and `version` is the smaller: Kubernetes lets resourceVersions of one kind be compared so
 * (KEP-5504). Of others nothing can be said.
 */
export function isOlder(version: string, than: string): boolean {
  return DECIMAL.test(version) && DECIMAL.test(than) && BigInt(version) < BigInt(than);
}

/** True where any of the three objects was seen in an older state than for the other decision. */
export function isDecidedEarlier(decision: DecidedOn, than: DecidedOn): boolean {
  return (
    isOlder(decision.pod, than.pod) ||
    isOlder(decision.namespace, than.namespace) ||
    isOlder(decision.serviceAccount, than.serviceAccount)
  );
}

/** The newest that was seen of each object. */
export function latest(a: DecidedOn, b: DecidedOn): DecidedOn {
  return {
    pod: later(a.pod, b.pod),
    namespace: later(a.namespace, b.namespace),
    serviceAccount: later(a.serviceAccount, b.serviceAccount),
  };
}

/** What cannot be compared does not displace what can. */
function later(a: string, b: string): string {
  return isOlder(a, b) || !DECIMAL.test(a) ? b : a;
}

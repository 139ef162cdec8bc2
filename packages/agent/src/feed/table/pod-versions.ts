import { isOlderVersion, isVersion, laterVersion } from '@rolegate/protocol';

/** The resourceVersions of the objects that a decision depends on; '' for one that did not exist. */
export interface DecidedOn {
  readonly pod: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

const NOTHING_SEEN: DecidedOn = { pod: '', namespace: '', serviceAccount: '' };

/** True if any of the three objects was in an older state than for the other decision. */
export function isDecidedEarlier(decision: DecidedOn, than: DecidedOn): boolean {
  return (
    isOlderVersion(decision.pod, than.pod) ||
    isOlderVersion(decision.namespace, than.namespace) ||
    isOlderVersion(decision.serviceAccount, than.serviceAccount)
  );
}

/** The newest version of each object. */
export function latest(a: DecidedOn, b: DecidedOn): DecidedOn {
  return {
    pod: laterVersion(a.pod, b.pod),
    namespace: laterVersion(a.namespace, b.namespace),
    serviceAccount: laterVersion(a.serviceAccount, b.serviceAccount),
  };
}

/** The newest of each kind; '' if none can be compared. */
export function newestOf(all: readonly DecidedOn[]): DecidedOn {
  const { pod, namespace, serviceAccount } = all.reduce(latest, NOTHING_SEEN);
  const comparable = (version: string) => (isVersion(version) ? version : '');
  return {
    pod: comparable(pod),
    namespace: comparable(namespace),
    serviceAccount: comparable(serviceAccount),
  };
}

/** What doctor looks at. Stable: scripts filter by it. */
export const checkNames = [
  'agents',
  'rules',
  'imdsv1',
  'addresses',
  'container-credentials',
  'certificates',
  'clock',
  'server',
  'sts',
  'versions',
  'ports',
  'leftovers',
  'kube-proxy',
  'pod-security',
  'probes',
  'rights',
] as const;

export type CheckName = (typeof checkNames)[number];

/**
 * `error`: Pods can reach the node's credentials, or get none of their own, now or soon. `warning`: one more fault, and they do.
 * `info`: worth knowing.
 */
export type Severity = 'error' | 'warning' | 'info';

export interface Finding {
  readonly severity: Severity;
  readonly check: CheckName;
  /** Undefined: it is about the cluster. */
  readonly node: string | undefined;
  /** The same text on all nodes that have it, so that they can be shown together. */
  readonly what: string;
  /** What was seen, by whom. */
  readonly evidence: string;
  /** An imperative sentence without its full stop. */
  readonly fix: string;
}

const RANKS: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };

/** The worst first, then by check, then by node. */
export function bySeverity(a: Finding, b: Finding): number {
  return (
    RANKS[a.severity] - RANKS[b.severity] ||
    checkNames.indexOf(a.check) - checkNames.indexOf(b.check) ||
    (a.node ?? '').localeCompare(b.node ?? '')
  );
}

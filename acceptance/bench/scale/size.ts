/** A simulated cluster. Its proportions are the same at each size. */
export interface ScaleSize {
  readonly nodes: number;
  readonly pods: number;
  /** Each has a ServiceAccount; those of two in three name a role. */
  readonly workloads: number;
  /** Of which the first has the Pods of `permitPods`, and the second those of `rolloutPods`. */
  readonly namespaces: number;
  /** Pods created each second, and as many deleted. */
  readonly churnPerSecond: number;
  /** The Pods of one workload that is rolled out. */
  readonly rolloutPods: number;
  /** New Pods of the rollout each second. */
  readonly rolloutPerSecond: number;
  /** The Pods of one Namespace whose permit is withdrawn. */
  readonly permitPods: number;
  /** Instead of an hour, so that each session is renewed while STS calls are counted. */
  readonly shortLifetimeSeconds: number;
}

/** The usual number of Pods of a node in large clusters. */
const PODS_A_NODE = 30;

/** At 5,000 nodes: 150,000 Pods of 1,414 workloads, 50 new Pods a second, a rollout of 5,000 Pods, a Namespace of 20,000. */
export function scaleSize(nodes: number): ScaleSize {
  const pods = nodes * PODS_A_NODE;
  return {
    nodes,
    pods,
    workloads: Math.round(20 * Math.sqrt(nodes)),
    namespaces: Math.round(4 * Math.sqrt(nodes)),
    churnPerSecond: Math.max(1, Math.round(nodes / 100)),
    rolloutPods: nodes,
    rolloutPerSecond: Math.max(2, Math.round(nodes / 50)),
    permitPods: nodes * 4,
    // If it were shorter, all sessions of a large cluster would keep the simulated agents busy.
    shortLifetimeSeconds: Math.max(120, Math.round(nodes * 0.06)),
  };
}

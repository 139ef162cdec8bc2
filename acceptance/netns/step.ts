import type { ModeName } from './modes.ts';
import type { NodeState } from './node-state.ts';
import type { OthersOnNode } from './others-on-node.ts';
import type { LaidPod } from './pod-yard.ts';
import type { World } from './world.ts';

/** What a step works with. */
export interface Scene extends World {
  readonly state: NodeState;
  readonly others: OthersOnNode;
  /** One of each case. */
  readonly standing: readonly LaidPod[];
}

/** One thing that is shown. */
export interface Step {
  readonly name: string;
  /** What the node is brought to before. */
  readonly mode: ModeName;
  /** Throws an Error that says what was otherwise; what it gives is told beside the name. */
  readonly run: (scene: Scene) => Promise<string | undefined>;
}

import type { Clock } from '@rolegate/runtime';
import type { AgentPod } from '../answers/agent-status.ts';
import { faultOf, valueOf } from '../answers/answer.ts';
import type { ChangingCluster } from '../cluster/cluster.ts';
import type { Output } from '../output/output.ts';
import { silenceOf } from '../roles/roles.ts';
import type { RoleSources } from '../roles/roles.ts';
import { applyChange } from './apply.ts';
import { commandOf, nameOf, undoCommandOf } from './change.ts';
import type { Change } from './change.ts';
import type { PlannedChange } from './revocation.ts';

/** What both kinds of targets are revoked with. */
export interface Revoking extends Pick<ChangingCluster, 'connection' | 'exec'> {
  /** False: a dry run. */
  readonly apply: boolean;
  /** Rules that permit other roles too are removed whole. */
  readonly removeWide: boolean;
  readonly output: Pick<Output, 'progress'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic' | 'sleep'>;
  readonly signal: AbortSignal;
}

export function plannedChange(
  change: Change,
  { loses, mayLose }: Pick<PlannedChange, 'loses' | 'mayLose'>,
): PlannedChange {
  return {
    ...change,
    loses,
    mayLose,
    command: commandOf(change),
    undo: undoCommandOf(change),
    outcome: undefined,
  };
}

/** One after the other. A change that fails does not keep the others from being made; an interruption does. */
export async function applyAll(
  changes: readonly PlannedChange[],
  revoking: Revoking,
): Promise<readonly PlannedChange[]> {
  const done: PlannedChange[] = [];
  for (const change of changes) {
    revoking.output.progress(`changing ${nameOf(change)}`);
    done.push(revoking.signal.aborted ? change : { ...change, outcome: await applyChange(change, revoking) });
  }
  return done;
}

export function isApplied({ outcome }: PlannedChange): boolean {
  return outcome?.kind === 'applied';
}

/** True if all changes were made; also if there were none to make. */
export function isDone(changes: readonly PlannedChange[]): boolean {
  return changes.every(isApplied);
}

/** A Pod of an agent's answer with its node. */
export interface PodOnNode extends AgentPod {
  readonly node: string;
}

export function podsIn(answers: RoleSources['agents']): readonly PodOnNode[] {
  return answers.flatMap(({ node, status }) =>
    (valueOf(status)?.pods ?? []).map((pod) => ({ ...pod, node })),
  );
}

export function silentIn(
  answers: RoleSources['agents'],
): readonly { readonly node: string; readonly fault: string }[] {
  return answers.flatMap(({ node, status }) => {
    const fault = faultOf(status);
    return fault === undefined ? [] : [{ node, fault }];
  });
}

/** One line for all agents that do not answer for the same reason. */
export function silenceIn(answers: RoleSources['agents']): readonly string[] {
  return silenceOf(silentIn(answers).map(({ node, fault }) => ({ who: `the agent of ${node}`, fault })));
}

export function fullName({ namespace, name }: Pick<AgentPod, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`;
}

import { setTimeout as sleep } from 'node:timers/promises';
import { sharedNowMs } from './monotonic.ts';
import type { ScaleRun } from './run.ts';

/** For the last Pods to reach their agents. Milliseconds. */
const SETTLE_MS = 5_000;

/** How long the Pods of a phase took from their scheduling to their nodes' agents. Milliseconds. */
export interface Pushes {
  readonly decisionMs: readonly number[];
  readonly credentialsMs: readonly number[];
  /** Pods that were scheduled and can get a role. */
  readonly expected: number;
  /** Share of a core that each replica used. */
  readonly cpuShares: readonly number[];
}

/** Observes the Pods that are scheduled during the act. */
export async function observePushes(
  { cluster, agents, replicas }: Pick<ScaleRun, 'cluster' | 'agents' | 'replicas'>,
  act: () => Promise<unknown>,
): Promise<Pushes> {
  const cpuMs = () => Promise.all(replicas.map((replica) => replica.cpuMs()));
  await cluster.call.takeScheduled(undefined);
  await agents.call.clear(undefined);
  const [startMs, before] = [sharedNowMs(), await cpuMs()];
  await act();
  const tookMs = sharedNowMs() - startMs;
  const cpuShares = (await cpuMs()).map((used, index) => (used - (before[index] ?? 0)) / tookMs);
  const scheduled = await cluster.call.takeScheduled(undefined);
  await sleep(SETTLE_MS);
  const { allowed, credentials } = await agents.call.observed(undefined);
  return {
    decisionMs: delays(scheduled, allowed),
    credentialsMs: delays(scheduled, credentials),
    expected: scheduled.length,
    cpuShares,
  };
}

type Timed = readonly (readonly [uid: string, atMs: number])[];

/** Of those that arrived. */
export function delays(began: Timed, arrived: Timed): number[] {
  const at = new Map(arrived);
  return began.flatMap(([uid, beganMs]) => {
    const arrivedMs = at.get(uid);
    return arrivedMs === undefined ? [] : [arrivedMs - beganMs];
  });
}

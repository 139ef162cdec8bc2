import { eventually } from '@rolegate/testing';
import { manners } from '../sdk-call.ts';
import type { RunningPod } from '../running-pods.ts';
import { createSdkCaller } from '../sdk-call.ts';
import type { ChaosWorld } from '../world.ts';

const PODS = 4;

/** Pods that ask as SDKs do while others flood. */
export async function quietPods(world: ChaosWorld): Promise<RunningPod[]> {
  world.permit('quiet', 'quiet-[0-9]+');
  const pods: RunningPod[] = [];
  for (let at = 0; at < PODS; at++) {
    const [name, role] = [`quiet/pod-${at}`, `quiet-${at}`];
    await world.run(name, role);
    pods.push({ name, role, calls: world.callsOf(name), manner: manners[at % manners.length] ?? 'document' });
  }
  await eventually(
    async () => {
      for (const { calls, role, name } of pods) {
        const { status } = await createSdkCaller(calls, 'list and document', role).look();
        if (status !== 200) throw new Error(`${name} is answered ${status} before the flood`);
      }
    },
    { withinMs: 20_000, everyMs: 50 },
  );
  return pods;
}

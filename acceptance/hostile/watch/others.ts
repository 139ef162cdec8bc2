import { startChild } from '../../processes/start-child.ts';
import type { Child } from '../../processes/start-child.ts';
import type { Answers, HonestCalls, HonestClient } from '../clients/calls.ts';
import { createTally } from '../clients/tally.ts';
import type { AttachedPod } from '../node/pods.ts';
import type { HostileNode } from '../node/world.ts';

/** A client process in an honest Pod. */
export type HonestChild = Child<HonestCalls>;

/** The Pods that must not be affected. */
export interface Others {
  /** Each fetches credentials once. Rejects with the first failure. */
  readonly expectServed: () => Promise<void>;
  readonly begin: () => Promise<void>;
  /** The answers to all of them since `begin`. */
  readonly end: () => Promise<Answers>;
}

export function clientOf({ pod, role }: AttachedPod): HonestClient {
  return { ip: pod.addresses.ipv4, role };
}

export function startHonestPod(
  { groups }: Pick<HostileNode, 'groups'>,
  { enter }: AttachedPod,
): Promise<HonestChild> {
  const script = new URL('../clients/honest-pod.ts', import.meta.url);
  return startChild<HonestCalls>(script, { through: [...groups.watchers.enter, ...enter] });
}

/** Starts a process in each Pod; they end with the stack. */
export async function startOthers(world: HostileNode, stack: AsyncDisposableStack): Promise<Others> {
  const others = await Promise.all(
    world.pods.others.map(async (pod) => ({ pod, child: stack.use(await startHonestPod(world, pod)) })),
  );
  return {
    async expectServed() {
      for (const { pod, child } of others) {
        const failure = await child.call.fetchOnce(clientOf(pod));
        if (failure !== undefined) throw new Error(`${pod.pod.name} is not served: ${failure}`);
      }
    },
    async begin() {
      for (const { pod, child } of others) await child.call.begin(clientOf(pod));
    },
    async end() {
      const tally = createTally();
      for (const answers of await Promise.all(others.map(({ child }) => child.call.end(undefined))))
        tally.add(answers);
      return tally.answers();
    },
  };
}

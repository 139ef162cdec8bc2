import { startChild } from '../../processes/start-child.ts';
import type { Child } from '../../processes/start-child.ts';
import type { Answers, HonestCalls, HonestOrder } from '../clients/orders.ts';
import { createTally } from '../clients/tally.ts';
import type { PlacedPod } from '../node/pods.ts';
import type { HostileNode } from '../node/world.ts';

/** A process in an honest Pod that asks when it is told to. */
export type HonestChild = Child<HonestCalls>;

/** The Pods that must notice nothing. */
export interface Others {
  /** Each looks at its credentials once. Rejects with the first that has none. */
  readonly expectServed: () => Promise<void>;
  readonly begin: () => Promise<void>;
  /** What all of them were answered since `begin`. */
  readonly end: () => Promise<Answers>;
}

export function orderOf({ pod, role }: PlacedPod): HonestOrder {
  return { ip: pod.addresses.ipv4, role };
}

export function startHonestPod(
  { groups }: Pick<HostileNode, 'groups'>,
  { enter }: PlacedPod,
): Promise<HonestChild> {
  const script = new URL('../clients/honest-pod.ts', import.meta.url);
  return startChild<HonestCalls>(script, { through: [...groups.watchers.enter, ...enter] });
}

/** Starts a process in each of them; they end with the stack. */
export async function startOthers(world: HostileNode, stack: AsyncDisposableStack): Promise<Others> {
  const others = await Promise.all(
    world.cast.others.map(async (pod) => ({ pod, child: stack.use(await startHonestPod(world, pod)) })),
  );
  return {
    async expectServed() {
      for (const { pod, child } of others) {
        const failure = await child.call.look(orderOf(pod));
        if (failure !== undefined) throw new Error(`${pod.pod.name} is not served: ${failure}`);
      }
    },
    async begin() {
      for (const { pod, child } of others) await child.call.begin(orderOf(pod));
    },
    async end() {
      const tally = createTally();
      for (const answers of await Promise.all(others.map(({ child }) => child.call.end(undefined))))
        tally.add(answers);
      return tally.answers();
    },
  };
}

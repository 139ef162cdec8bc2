import { askBoth } from './asking.ts';
import type { AttachedPod } from './pod-network.ts';
import type { NetnsWorld } from './world.ts';
import type { Expected } from './verdicts.ts';
import { curlFaults, expectNone } from './verdicts.ts';

/** Does it for every pods Pod at once and gathers what is wrong, with the Pod's name before it. */
export async function faultsOfEach(
  { pods }: Pick<NetnsWorld, 'pods'>,
  faultsOf: (pod: AttachedPod) => Promise<readonly string[]>,
): Promise<string[]> {
  const all = await Promise.all(
    pods.map(async (pod) => (await faultsOf(pod)).map((fault) => `${pod.podCase.name}: ${fault}`)),
  );
  return all.flat();
}

/** The two calls by every Pod and both families. Throws where one came to anything but what is expected. */
export async function askEverywhere(world: Pick<NetnsWorld, 'pods'>, expected: Expected): Promise<void> {
  expectNone(
    await faultsOfEach(world, async ({ enter, podCase }) =>
      (await askBoth(enter)).flatMap((answer) => curlFaults(answer, expected, podCase.listed)),
    ),
  );
}

/** A pods Pod by its name. */
export function podNamed({ pods }: Pick<NetnsWorld, 'pods'>, name: string): AttachedPod {
  const found = pods.find(({ podCase }) => podCase.name === name);
  if (found === undefined) throw new Error(`there is no Pod ${name}`);
  return found;
}

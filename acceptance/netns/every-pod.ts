import { askBoth } from './asking.ts';
import type { LaidPod } from './pod-yard.ts';
import type { Scene } from './step.ts';
import type { Expected } from './verdicts.ts';
import { curlFaults, expectNone } from './verdicts.ts';

/** Does it for every standing Pod at once and gathers what is wrong, with the Pod's name before it. */
export async function faultsOfEach(
  { standing }: Pick<Scene, 'standing'>,
  faultsOf: (pod: LaidPod) => Promise<readonly string[]>,
): Promise<string[]> {
  const all = await Promise.all(
    standing.map(async (pod) => (await faultsOf(pod)).map((fault) => `${pod.of.name}: ${fault}`)),
  );
  return all.flat();
}

/** The two calls by every Pod and both families. Throws where one came to anything but what is expected. */
export async function askEverywhere(scene: Pick<Scene, 'standing'>, expected: Expected): Promise<void> {
  expectNone(
    await faultsOfEach(scene, async ({ enter, of }) =>
      (await askBoth(enter)).flatMap((answer) => curlFaults(answer, expected, of.listed)),
    ),
  );
}

/** A standing Pod by its name. */
export function standingPod({ standing }: Pick<Scene, 'standing'>, name: string): LaidPod {
  const found = standing.find(({ of }) => of.name === name);
  if (found === undefined) throw new Error(`there is no Pod ${name}`);
  return found;
}

import { askBoth, PATHS } from './asking.ts';
import type { CurlAnswer } from './asking.ts';
import type { Answer } from './pod-orders.ts';
import type { AttachedPod, Listed } from './pods.ts';
import type { NetnsWorld } from './world.ts';
import { findSentinel } from '../stand-ins/sentinels.ts';

/** Faults that are told of at most; the rest is counted. */
const MOST_TOLD = 6;
const MOST_CHARACTERS = 160;
/** Of curl: the connection was refused. */
const REFUSED = 7;

/** Throws where there is a fault. */
export function expectNone(faults: readonly string[]): void {
  if (faults.length === 0) return;
  const rest = faults.length > MOST_TOLD ? [`and ${faults.length - MOST_TOLD} more`] : [];
  throw new Error([...faults.slice(0, MOST_TOLD), ...rest].join('; '));
}

/** What the two calls come to: as while the system is up, a refused connection, no answer, or whatever holds no sentinel. */
export type Expected = 'as up' | 'no agent' | 'no answer' | 'anything';

/** What is wrong with an answer to one of the two calls. */
export function curlFaults(answer: CurlAnswer, expected: Expected, listed: Listed): string[] {
  const { path, family, code, body } = answer;
  const what = `${path} by ${family}`;
  const sentinel = findSentinel(body);
  if (sentinel !== undefined) return [`${what} gave ${sentinel}`];
  const said = `exit code ${String(code)}, ${JSON.stringify(cutShort(body))}`;
  if (expected === 'no agent')
    return code === REFUSED && body === '' ? [] : [`${what}: not refused: ${said}`];
  if (expected === 'no answer') return code !== 0 && body === '' ? [] : [`${what}: ${said}`];
  if (expected === 'anything') return [];
  const isRight =
    path === PATHS[0] && listed !== 'refused' ? body === listed.role : /^\{.*"Code"/s.test(body);
  return code === 0 && isRight ? [] : [`${what}: ${said}`];
}

/** Each answer that came from the cloud. */
export function sentinelFaults(came: readonly Answer[]): string[] {
  return came.flatMap(({ name, text }) => {
    const sentinel = findSentinel(text);
    return sentinel === undefined ? [] : [`${name} gave ${sentinel}: ${JSON.stringify(cutShort(text))}`];
  });
}

export function cutShort(text: string): string {
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}

/** Does it for every Pod at once and gathers what is wrong, with the Pod's name before it. */
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

/** A Pod by its name. */
export function podNamed({ pods }: Pick<NetnsWorld, 'pods'>, name: string): AttachedPod {
  const found = pods.find(({ podCase }) => podCase.name === name);
  if (found === undefined) throw new Error(`there is no Pod ${name}`);
  return found;
}

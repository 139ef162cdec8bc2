import { bothPaths, curlBothPaths, hammerFrom, PATHS } from './send-from-pod.ts';
import type { CurlAnswer } from './send-from-pod.ts';
import type { Answer } from './pod-tasks.ts';
import type { AttachedPod, Listed } from './pods.ts';
import type { NetnsWorld } from './world.ts';
import { findSentinel, sentinels } from '../stand-ins/sentinels.ts';

/** Problems that are listed; the rest is counted. */
const MOST_LISTED = 6;
const MOST_CHARACTERS = 160;
/** curl's exit code for a refused connection. */
const REFUSED = 7;

/** Throws if there are problems. */
export function expectNoProblems(problems: readonly string[]): void {
  if (problems.length === 0) return;
  const rest = problems.length > MOST_LISTED ? [`and ${problems.length - MOST_LISTED} more`] : [];
  throw new Error([...problems.slice(0, MOST_LISTED), ...rest].join('; '));
}

/** The answers to both paths: as while the system is up, refused, none, or anything without a sentinel. */
export type Expected = 'as up' | 'no agent' | 'no answer' | 'anything';

/** Problems with the answer to one of the two paths. */
export function curlProblems(answer: CurlAnswer, expected: Expected, listed: Listed): string[] {
  const { path, family, code, body } = answer;
  const what = `${path} by ${family}`;
  const sentinel = findSentinel(body);
  if (sentinel !== undefined) return [`${what} gave ${sentinel}`];
  const found = `exit code ${String(code)}, ${JSON.stringify(shorten(body))}`;
  if (expected === 'no agent')
    return code === REFUSED && body === '' ? [] : [`${what}: not refused: ${found}`];
  if (expected === 'no answer') return code !== 0 && body === '' ? [] : [`${what}: ${found}`];
  if (expected === 'anything') return [];
  const isRight =
    path === PATHS[0] && listed !== 'refused' ? body === listed.role : /^\{.*"Code"/s.test(body);
  return code === 0 && isRight ? [] : [`${what}: ${found}`];
}

/** The answers that answers from the cloud. */
export function sentinelProblems(answers: readonly Answer[]): string[] {
  return answers.flatMap(({ name, text }) => {
    const sentinel = findSentinel(text);
    return sentinel === undefined ? [] : [`${name} gave ${sentinel}: ${JSON.stringify(shorten(text))}`];
  });
}

export function shorten(text: string): string {
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}

/** Checks all Pods concurrently. Problems are prefixed with the Pod's name. */
export async function checkEachPod(
  { pods }: Pick<NetnsWorld, 'pods'>,
  problemsOf: (pod: AttachedPod) => Promise<readonly string[]>,
): Promise<string[]> {
  const all = await Promise.all(
    pods.map(async (pod) => (await problemsOf(pod)).map((problem) => `${pod.podCase.name}: ${problem}`)),
  );
  return all.flat();
}

export interface HammerTotals {
  readonly asked: number;
  /** Requests that got an HTTP answer. */
  readonly answered: number;
  /** Answers from the cloud. */
  readonly problems: readonly string[];
}

/** All Pods request both paths nonstop. */
export async function hammerFromAllPods(
  world: Pick<NetnsWorld, 'pods'>,
  forMs: number,
): Promise<HammerTotals> {
  const task = { requests: bothPaths, atOnce: 2, forMs, forbidden: sentinels };
  let [asked, answered] = [0, 0];
  const problems = await checkEachPod(world, async ({ enter }) => {
    const result = await hammerFrom(enter, task);
    asked += result.asked;
    for (const [end, count] of Object.entries(result.ends)) if (/^\d/.test(end)) answered += count;
    return result.forbidden.map((text) => `got ${shorten(text)}`);
  });
  return { asked, answered, problems };
}

/** Every Pod requests both paths over both families. Throws if an answer is not as expected. */
export async function expectAnswers(world: Pick<NetnsWorld, 'pods'>, expected: Expected): Promise<void> {
  expectNoProblems(
    await checkEachPod(world, async ({ enter, podCase }) =>
      (await curlBothPaths(enter)).flatMap((answer) => curlProblems(answer, expected, podCase.listed)),
    ),
  );
}

/** Throws if there is no such Pod. */
export function podNamed({ pods }: Pick<NetnsWorld, 'pods'>, name: string): AttachedPod {
  const found = pods.find(({ podCase }) => podCase.name === name);
  if (found === undefined) throw new Error(`there is no Pod ${name}`);
  return found;
}

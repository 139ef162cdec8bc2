import type { Kubectl } from './kubectl.ts';
import { OPEN, ROLE_NAME } from './test-pods.ts';

/** As client/ask_steadily.py writes it. */
interface Seen {
  readonly answers: Readonly<Record<string, number>>;
  /** Seconds since the epoch, and what was asked and met. */
  readonly failures: readonly (readonly [number, string])[];
  readonly leaks: number;
  /** Least life of credentials. Seconds. */
  readonly shortest: number;
  /** Longest time without an answer that is good. Seconds. */
  readonly pause: number;
}

export interface SteadyResult extends Seen {
  readonly pod: string;
  readonly count: number;
}

const AT_MOST_S = 240;
/** R2: nobody is given credentials with less life. */
const SHORTEST_LIFE_S = 25 * 60;
const ASKERS = [
  { pod: 'app', role: ROLE_NAME },
  { pod: 'plain', role: '' },
] as const;

/** Pods ask every 100 ms while something is done; gives what each of them met. */
export async function whileAsking(
  kubectl: Kubectl,
  action: () => Promise<void>,
): Promise<readonly SteadyResult[]> {
  const exec = (pod: string, args: readonly string[], withinMs?: number) =>
    kubectl.exec(OPEN, pod, args, withinMs);
  for (const { pod } of ASKERS) await exec(pod, ['rm', '-f', '/tmp/stop']);
  const asking = ASKERS.map(async ({ pod, role }) => {
    const { stdout, stderr } = await exec(
      pod,
      ['python3', '/app/ask_steadily.py', String(AT_MOST_S), role],
      (AT_MOST_S + 30) * 1000,
    );
    const seen = parse(stdout);
    if (seen === undefined) throw new Error(`${pod} asks no more: ${stdout}${stderr}`);
    return { pod, ...seen, count: Object.values(seen.answers).reduce((sum, times) => sum + times, 0) };
  });
  const results = Promise.all(asking);
  results.catch(() => undefined); // told below, unless the action itself fails
  try {
    await action();
  } finally {
    for (const { pod } of ASKERS) await exec(pod, ['touch', '/tmp/stop']);
  }
  return results;
}

/** A line for each Pod, for people. */
export function steadyFigures(results: readonly SteadyResult[]): readonly string[] {
  return results.map(
    ({ pod, count, failures, pause }) =>
      `${pod}: ${count} calls, ${failures.length} failed, longest pause ${(pause * 1000).toFixed(0)} ms`,
  );
}

/** Throws where a Pod read what is the node's, had an answer that is not its own, or credentials that end too soon. */
export function expectOnlyOwn(results: readonly SteadyResult[]): void {
  for (const { pod, answers, leaks, shortest } of results) {
    if (leaks > 0) throw new Error(`${pod} read what is the node's, ${leaks} times`);
    const odd = Object.keys(answers).filter((answer) => !EXPECTED[pod]?.includes(answer));
    if (odd.length > 0) throw new Error(`${pod} got ${odd.join(' | ')}`);
    if (shortest < SHORTEST_LIFE_S) throw new Error(`${pod} got credentials for ${shortest} s`);
  }
}

/** Throws unless every call was answered as well, or all but so many of each Pod. */
export function expectNoFailure(
  results: readonly SteadyResult[],
  { butFor = 0 }: { readonly butFor?: number | undefined } = {},
): void {
  expectOnlyOwn(results);
  for (const { pod, failures, count } of results) {
    if (failures.length > butFor) {
      const shown = failures.slice(0, 10).map(([at, what]) => `${new Date(at * 1000).toISOString()} ${what}`);
      throw new Error(`${failures.length} of ${count} calls of ${pod} failed:\n${shown.join('\n')}`);
    }
  }
}

const LIST = '/latest/meta-data/iam/security-credentials';
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  app: [`${LIST} 200 ${ROLE_NAME}`, `${LIST}/${ROLE_NAME} 200 Success`, '/latest/user-data 404'],
  plain: [`${LIST} 404`, '/latest/user-data 404'],
};

function parse(text: string): Seen | undefined {
  try {
    return JSON.parse(text) as Seen;
  } catch {
    return undefined;
  }
}

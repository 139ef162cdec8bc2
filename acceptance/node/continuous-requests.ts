import type { Kubectl } from './kubectl.ts';
import { parseJson } from './parse-json.ts';
import { PERMITTED_NAMESPACE, ROLE_NAME } from './test-pods.ts';

/** Written by client/continuous_requests.py. */
interface Report {
  readonly answers: Readonly<Record<string, number>>;
  /** Seconds since the epoch, and the path with the error. */
  readonly failures: readonly (readonly [number, string])[];
  readonly leaks: number;
  /** Shortest life left of credentials. Seconds. */
  readonly shortest: number;
  /** Longest time without a good answer. Seconds. */
  readonly pause: number;
}

export interface ClientResult extends Report {
  readonly pod: string;
  readonly count: number;
}

const DURATION_S = 240;
/** Promise R2: credentials live at least this long. */
const LEAST_LIFE_S = 25 * 60;
const CLIENTS = [
  { pod: 'app', role: ROLE_NAME },
  { pod: 'plain', role: '' },
] as const;

/** Sends requests from two Pods every 100 ms during `action`. */
export async function duringRequests(
  kubectl: Kubectl,
  action: () => Promise<void>,
): Promise<readonly ClientResult[]> {
  const exec = (pod: string, args: readonly string[], withinMs?: number) =>
    kubectl.exec(PERMITTED_NAMESPACE, pod, args, withinMs);
  for (const { pod } of CLIENTS) await exec(pod, ['rm', '-f', '/tmp/stop']);
  const clients = CLIENTS.map(async ({ pod, role }) => {
    const { stdout, stderr } = await exec(
      pod,
      ['python3', '/app/continuous_requests.py', String(DURATION_S), role],
      (DURATION_S + 30) * 1000,
    );
    const report = parseJson(stdout) as Report | undefined;
    if (report === undefined) throw new Error(`the client in ${pod} failed: ${stdout}${stderr}`);
    return { pod, ...report, count: Object.values(report.answers).reduce((sum, times) => sum + times, 0) };
  });
  const results = Promise.all(clients);
  results.catch(() => undefined); // thrown below, unless the action fails
  try {
    await action();
  } finally {
    for (const { pod } of CLIENTS) await exec(pod, ['touch', '/tmp/stop']);
  }
  return results;
}

/** A readable line for each Pod. */
export function resultLines(results: readonly ClientResult[]): readonly string[] {
  return results.map(
    ({ pod, count, failures, pause }) =>
      `${pod}: ${count} calls, ${failures.length} failed, longest pause ${(pause * 1000).toFixed(0)} ms`,
  );
}

/** Throws if a Pod read the node's metadata, got an unexpected answer, or got credentials that expire too soon. */
export function expectOnlyOwn(results: readonly ClientResult[]): void {
  for (const { pod, answers, leaks, shortest } of results) {
    if (leaks > 0) throw new Error(`${pod} read the node's metadata ${leaks} times`);
    const unexpected = Object.keys(answers).filter((answer) => !EXPECTED[pod]?.includes(answer));
    if (unexpected.length > 0) throw new Error(`${pod} got ${unexpected.join(' | ')}`);
    if (shortest < LEAST_LIFE_S) throw new Error(`${pod} got credentials for ${shortest} s`);
  }
}

/** Like `expectOnlyOwn`, and throws if more requests of a Pod failed than tolerated. */
export function expectNoFailure(
  results: readonly ClientResult[],
  { tolerated = 0 }: { readonly tolerated?: number | undefined } = {},
): void {
  expectOnlyOwn(results);
  for (const { pod, failures, count } of results) {
    if (failures.length > tolerated) {
      const first = failures.slice(0, 10).map(([at, what]) => `${new Date(at * 1000).toISOString()} ${what}`);
      throw new Error(`${failures.length} of ${count} calls of ${pod} failed:\n${first.join('\n')}`);
    }
  }
}

const LIST = '/latest/meta-data/iam/security-credentials';
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  app: [`${LIST} 200 ${ROLE_NAME}`, `${LIST}/${ROLE_NAME} 200 Success`, '/latest/user-data 404'],
  plain: [`${LIST} 404`, '/latest/user-data 404'],
};

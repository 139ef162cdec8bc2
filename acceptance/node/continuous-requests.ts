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

/** A Pod that sends requests. */
export interface Client {
  readonly namespace: string;
  readonly pod: string;
  /** '' if it has none. */
  readonly role: string;
  /** Other paths that it asks for, with 404 as the answer. Defaults to the user data. */
  readonly refusedPaths?: readonly string[];
}

export interface ClientResult extends Report, Client {
  readonly count: number;
}

const REFUSED_PATHS = ['/latest/user-data'];
const DURATION_S = 240;
/** Promise R2: credentials live at least this long. */
const LEAST_LIFE_S = 25 * 60;
const CLIENTS: readonly Client[] = [
  { namespace: PERMITTED_NAMESPACE, pod: 'app', role: ROLE_NAME },
  { namespace: PERMITTED_NAMESPACE, pod: 'plain', role: '' },
];

/** Sends requests from Pods every 100 ms during `action`. */
export async function duringRequests(
  kubectl: Kubectl,
  action: () => Promise<void>,
  clients = CLIENTS,
): Promise<readonly ClientResult[]> {
  const exec = ({ namespace, pod }: Client, args: readonly string[], withinMs?: number) =>
    kubectl.exec(namespace, pod, args, withinMs);
  for (const client of clients) await exec(client, ['rm', '-f', '/tmp/stop']);
  const reports = clients.map(async (client) => {
    const { pod, role, refusedPaths = REFUSED_PATHS } = client;
    const { stdout, stderr } = await exec(
      client,
      ['python3', '/app/continuous_requests.py', String(DURATION_S), role, ...refusedPaths],
      (DURATION_S + 30) * 1000,
    );
    const report = parseJson(stdout) as Report | undefined;
    if (report === undefined) throw new Error(`the client in ${pod} failed: ${stdout}${stderr}`);
    const count = Object.values(report.answers).reduce((sum, times) => sum + times, 0);
    return { ...client, ...report, count };
  });
  const results = Promise.all(reports);
  results.catch(() => undefined); // thrown below, unless the action fails
  try {
    await action();
  } finally {
    for (const client of clients) await exec(client, ['touch', '/tmp/stop']);
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
  for (const { pod, answers, leaks, shortest, ...client } of results) {
    if (leaks > 0) throw new Error(`${pod} read the node's metadata ${leaks} times`);
    const unexpected = Object.keys(answers).filter((answer) => !expectedOf(client).includes(answer));
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

function expectedOf({ role, refusedPaths = REFUSED_PATHS }: Omit<Client, 'pod'>): readonly string[] {
  const ofRole = role === '' ? [`${LIST} 404`] : [`${LIST} 200 ${role}`, `${LIST}/${role} 200 Success`];
  return [...ofRole, ...refusedPaths.map((path) => `${path} 404`)];
}

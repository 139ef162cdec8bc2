import type { Kubectl } from './kubectl.ts';

/** An answer to curl. The status is 000 without an answer. */
export interface Answer {
  readonly status: string;
  readonly body: string;
}

const METADATA = 'http://169.254.169.254';
/** With the user data, the path that must not reach the node's metadata API. */
export const CREDENTIALS_PATH = '/latest/meta-data/iam/security-credentials';
const USER_DATA_PATH = '/latest/user-data';

/** Runs curl in a Pod. */
export function createPodCurl({ kubectl, sentinel }: { kubectl: Kubectl; sentinel: string }) {
  async function get(
    namespace: string,
    pod: string,
    url: string,
    headers: readonly string[] = [],
  ): Promise<Answer> {
    const given = headers.flatMap((header) => ['-H', header]);
    const curl = ['curl', '-s', '-m', '5', '-w', '\n%{http_code}', ...given, url];
    const { stdout, stderr } = await kubectl.exec(namespace, pod, curl);
    const [status = '', ...lines] = stdout.split('\n').reverse();
    if (!/^\d{3}$/.test(status)) throw new Error(`no curl in ${pod}: ${stdout}${stderr}`);
    return { status, body: lines.reverse().join('\n') };
  }

  return {
    get,
    metadata: (namespace: string, pod: string, path: string) => get(namespace, pod, `${METADATA}${path}`),
    /** Throws if the answer to either path is unexpected or contains the sentinel. */
    async expectBoth(
      [namespace, pod]: readonly [string, string],
      expected: { credentials: { status: string; body?: string }; userData: string },
    ): Promise<void> {
      const credentials = await get(namespace, pod, `${METADATA}${CREDENTIALS_PATH}`);
      const userData = await get(namespace, pod, `${METADATA}${USER_DATA_PATH}`);
      for (const [path, { body }] of [
        [CREDENTIALS_PATH, credentials],
        [USER_DATA_PATH, userData],
      ] as const) {
        if (body.includes(sentinel)) throw new Error(`${pod} reads ${path} of the node`);
      }
      const { status, body } = expected.credentials;
      if (credentials.status !== status || (body !== undefined && credentials.body !== body)) {
        throw new Error(`${pod}: ${CREDENTIALS_PATH} is ${credentials.status} ${credentials.body}`);
      }
      if (userData.status !== expected.userData) {
        throw new Error(`${pod}: ${USER_DATA_PATH} is ${userData.status} ${userData.body}`);
      }
    },
  };
}

export type PodCurl = ReturnType<typeof createPodCurl>;

import type { Came, PodCalls } from './pod-call.ts';

const CREDENTIALS = '/latest/meta-data/iam/security-credentials/';
const TOKEN_SECONDS = '21600';

/** How a client asks for credentials. */
export const manners = ['document', 'list and document', 'token kept', 'token each time'] as const;
export type Manner = (typeof manners)[number];

/** The calls that an SDK makes for one look at its credentials; ends with the first that fails. */
export interface Look {
  /** Each call that was made. */
  readonly calls: readonly Came[];
  /** The last call's: 200 means that `document` is there. */
  readonly status: number;
  readonly document: string;
  readonly role: string;
}

export interface SdkCaller {
  look(): Promise<Look>;
}

/** One client that knows its role's name, where its manner needs one. */
export function createSdkCaller(pod: PodCalls, manner: Manner, knownRole: string): SdkCaller {
  let token: string | undefined;

  async function freshToken(calls: Came[]): Promise<string | undefined> {
    const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': TOKEN_SECONDS };
    const answer = await pod.call('/latest/api/token', { method: 'PUT', headers });
    calls.push(answer);
    return answer.status === 200 ? answer.body : undefined;
  }

  async function look(): Promise<Look> {
    const calls: Came[] = [];
    let role = knownRole;
    const gave = (document = ''): Look => ({ calls, status: calls.at(-1)?.status ?? 0, document, role });
    const get = async (path: string) => {
      const headers = token === undefined ? {} : { 'x-aws-ec2-metadata-token': token };
      const answer = await pod.call(path, { headers });
      calls.push(answer);
      return answer;
    };
    if (manner === 'token each time') token = undefined;
    if (manner.startsWith('token')) {
      token ??= await freshToken(calls);
      if (token === undefined) return gave();
    }
    if (manner !== 'document') {
      const list = await get(CREDENTIALS);
      if (list.status !== 200) return gave();
      role = list.body;
    }
    const { status, body } = await get(CREDENTIALS + role);
    return gave(status === 200 ? body : '');
  }

  return { look };
}

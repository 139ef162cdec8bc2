import type { PodAnswer, PodCalls } from './pod-call.ts';

const CREDENTIALS = '/latest/meta-data/iam/security-credentials/';
const TOKEN_SECONDS = '21600';

/** Sequences of calls with which clients fetch credentials. */
export const clientKinds = ['document', 'list and document', 'reused token', 'new token each time'] as const;
export type ClientKind = (typeof clientKinds)[number];

/** The calls with which an SDK fetches its credentials once, up to the first failure. */
export interface SdkResult {
  readonly calls: readonly PodAnswer[];
  /** Of the last call. If it is 200, `document` is set. */
  readonly status: number;
  readonly document: string;
  readonly role: string;
}

export interface SdkClient {
  fetchCredentials(): Promise<SdkResult>;
}

/** A client. `knownRole` is requested if the client does not list roles. */
export function createSdkClient(pod: PodCalls, kind: ClientKind, knownRole: string): SdkClient {
  let token: string | undefined;

  async function newToken(calls: PodAnswer[]): Promise<string | undefined> {
    const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': TOKEN_SECONDS };
    const answer = await pod.call('/latest/api/token', { method: 'PUT', headers });
    calls.push(answer);
    return answer.status === 200 ? answer.body : undefined;
  }

  async function fetchCredentials(): Promise<SdkResult> {
    const calls: PodAnswer[] = [];
    let role = knownRole;
    const result = (document = ''): SdkResult => ({
      calls,
      status: calls.at(-1)?.status ?? 0,
      document,
      role,
    });
    const get = async (path: string) => {
      const headers = token === undefined ? {} : { 'x-aws-ec2-metadata-token': token };
      const answer = await pod.call(path, { headers });
      calls.push(answer);
      return answer;
    };
    if (kind === 'new token each time') token = undefined;
    if (kind.includes('token')) {
      token ??= await newToken(calls);
      if (token === undefined) return result();
    }
    if (kind !== 'document') {
      const list = await get(CREDENTIALS);
      if (list.status !== 200) return result();
      role = list.body;
    }
    const { status, body } = await get(CREDENTIALS + role);
    return result(status === 200 ? body : '');
  }

  return { fetchCredentials };
}

import { requestFrom } from './request-from.ts';
import type { HttpAnswer } from './request-from.ts';

export interface ImdsClient {
  /** GETs a path with a new token, as an SDK does. */
  get(path: string): Promise<HttpAnswer>;
  /** GETs the list and then the credentials of the first role in it, as an SDK does. */
  credentials(): Promise<HttpAnswer & { readonly role: string }>;
}

const CREDENTIALS_PATH = '/latest/meta-data/iam/security-credentials/';

/** Sends requests to the agent from a Pod's address. */
export function createImdsClient({
  ip,
  agent,
}: {
  ip: string;
  agent: { host: string; port: number };
}): ImdsClient {
  const ask = (method: 'GET' | 'PUT', path: string, headers: Record<string, string>) =>
    requestFrom(ip, { ...agent, method, path, headers });

  async function get(path: string): Promise<HttpAnswer> {
    const token = await ask('PUT', '/latest/api/token', { 'x-aws-ec2-metadata-token-ttl-seconds': '21600' });
    if (token.status !== 200) return token;
    return ask('GET', path, { 'x-aws-ec2-metadata-token': token.body });
  }

  return {
    get,
    async credentials() {
      const list = await get(CREDENTIALS_PATH);
      if (list.status !== 200) return { ...list, role: '' };
      return { ...(await get(CREDENTIALS_PATH + list.body)), role: list.body };
    },
  };
}

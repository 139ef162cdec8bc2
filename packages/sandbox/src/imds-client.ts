import { request } from 'node:http';

/** About when an SDK gives up. Milliseconds. */
const TIMEOUT_MS = 3_000;

export interface ImdsAnswer {
  /** 0 if there was no answer. */
  readonly status: number;
  readonly body: string;
}

export interface ImdsClient {
  /** GETs a path with a new token, as an SDK does. */
  get(path: string): Promise<ImdsAnswer>;
  /** GETs the list and then the credentials of the first role in it, as an SDK does. */
  credentials(): Promise<ImdsAnswer & { readonly role: string }>;
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
  function ask(method: 'GET' | 'PUT', path: string, headers: Record<string, string>): Promise<ImdsAnswer> {
    return new Promise((resolve) => {
      const call = request(
        { ...agent, method, path, headers, localAddress: ip, agent: false, timeout: TIMEOUT_MS },
        (response) => {
          let body = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => (body += chunk));
          response.on('end', () => {
            resolve({ status: response.statusCode ?? 0, body });
          });
        },
      );
      call.on('timeout', () => call.destroy(new Error('timeout')));
      call.on('error', (error) => {
        resolve({ status: 0, body: error.message });
      });
      call.end();
    });
  }

  async function get(path: string): Promise<ImdsAnswer> {
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

import { sendRequest, CREDENTIALS_PATH, requestText, requestTokenFrom } from '../send-request.ts';
import type { Load } from '../children/load.ts';
import type { Endpoint } from './endpoint.ts';

/** Role names and tokens that cannot change the request in which they are sent. */
const ROLE = /^[\w+=,.@/:-]{1,2048}$/;
const TOKEN = /^[\x21-\x7e]{1,4096}$/;
/** Of a failed answer in an error. */
const MAX_CHARACTERS = 200;

export interface Prepared {
  readonly sources: Load['sources'];
  /** True if the endpoint issues IMDSv2 tokens, which the requests then contain. */
  readonly withToken: boolean;
}

/**
 * Prepares the request of each address, with an IMDSv2 token if the endpoint issues one, and for the role that it lists if no path is
 * given. Rejects if an answer is not 200.
 */
export async function prepareSources(endpoint: Endpoint, podAddresses: readonly string[]): Promise<Prepared> {
  const addresses = endpoint.source === undefined ? podAddresses : [endpoint.source];
  const sources: Load['sources'][number][] = [];
  let withToken = true;
  // Not concurrently, because the endpoint may not handle many requests at the same time.
  for (const ip of addresses) {
    const token = await tokenFor(endpoint, ip);
    withToken &&= token !== undefined;
    const headers: Record<string, string> = token === undefined ? {} : { 'X-aws-ec2-metadata-token': token };
    const path = endpoint.path ?? (await rolePath(endpoint, ip, headers));
    await get(endpoint, ip, path, headers);
    sources.push({ ip, request: requestText(path, headers) });
  }
  return { sources, withToken };
}

/** Undefined if the endpoint does not support IMDSv2. */
async function tokenFor({ host, port }: Endpoint, ip: string): Promise<string | undefined> {
  const { status, body } = await requestTokenFrom({ host, port, ip });
  return status === 200 && TOKEN.test(body) ? body : undefined;
}

async function rolePath(
  endpoint: Endpoint,
  ip: string,
  headers: Readonly<Record<string, string>>,
): Promise<string> {
  const [role = ''] = (await get(endpoint, ip, CREDENTIALS_PATH, headers)).split('\n');
  if (!ROLE.test(role.trim())) throw new Error(`${endpoint.url} lists no role for ${ip}; set --against-path`);
  return CREDENTIALS_PATH + role.trim();
}

async function get(
  { url, host, port, source }: Endpoint,
  ip: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<string> {
  const { status, body, rawHeaders } = await sendRequest({ host, port, ip, path, headers });
  const hint = source === undefined ? '; set --against-source to an address that it knows' : '';
  if (status !== 200)
    throw new Error(`${url}${path} for ${ip}: ${status} ${body.slice(0, MAX_CHARACTERS)}${hint}`);
  // The load generator needs it to find the end of an answer.
  if (!rawHeaders.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'content-length'))
    throw new Error(`${url}${path}: the answer has no Content-Length, and cannot be measured`);
  return body;
}

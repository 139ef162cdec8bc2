import { ask, CREDENTIALS_PATH, requestText, tokenFrom } from '../ask.ts';
import type { Load } from '../children/load.ts';
import type { Endpoint } from './endpoint.ts';

/** Of a role's name and of a token that is sent back in a request: what can change the request is none. */
const ROLE = /^[\w+=,.@/:-]{1,2048}$/;
const TOKEN = /^[\x21-\x7e]{1,4096}$/;
/** Of what it says to a request that fails. */
const MOST_CHARACTERS = 200;

export interface Prepared {
  readonly sources: Load['sources'];
  /** True if the endpoint gives session tokens, which the requests then carry. */
  readonly withToken: boolean;
}

/**
 * What each address sends to the endpoint: with a token of IMDSv2 if it gives one, and for the role that it lists for this address
 * unless a path was given. Rejects if one of them gets no 200.
 */
export async function prepareSources(endpoint: Endpoint, podAddresses: readonly string[]): Promise<Prepared> {
  const addresses = endpoint.source === undefined ? podAddresses : [endpoint.source];
  const sources: Load['sources'][number][] = [];
  let withToken = true;
  // One after the other: how it takes many at once is what the load finds out.
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

/** Undefined if it gives none: not every endpoint knows IMDSv2. */
async function tokenFor({ host, port }: Endpoint, ip: string): Promise<string | undefined> {
  const { status, body } = await tokenFrom({ host, port, ip });
  return status === 200 && TOKEN.test(body) ? body : undefined;
}

async function rolePath(
  endpoint: Endpoint,
  ip: string,
  headers: Readonly<Record<string, string>>,
): Promise<string> {
  const [role = ''] = (await get(endpoint, ip, CREDENTIALS_PATH, headers)).split('\n');
  if (!ROLE.test(role.trim()))
    throw new Error(`${endpoint.url} lists no role for ${ip}; --against-path names what to ask for`);
  return CREDENTIALS_PATH + role.trim();
}

async function get(
  { url, host, port, source }: Endpoint,
  ip: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<string> {
  const { status, body, rawHeaders } = await ask({ host, port, ip, path, headers });
  const hint = source === undefined ? '; --against-source names one address that it knows' : '';
  if (status !== 200)
    throw new Error(`${url}${path} for ${ip}: ${status} ${body.slice(0, MOST_CHARACTERS)}${hint}`);
  // The load generator finds the end of an answer by it.
  if (!rawHeaders.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'content-length'))
    throw new Error(`${url}${path}: the answer has no Content-Length, and cannot be measured`);
  return body;
}

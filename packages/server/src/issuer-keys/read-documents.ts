import type { Connection } from '../kubernetes/api/connection.ts';
import { readText } from '../kubernetes/api/lines.ts';
import { parseDiscovery, parseKeySet } from './documents.ts';
import type { KeySet } from './documents.ts';

/** Service account issuer discovery (Kubernetes, "Managing Service Accounts"). Never the `jwks_uri`, which may be anywhere. */
const KEYS_PATH = '/openid/v1/jwks';
const DISCOVERY_PATH = '/.well-known/openid-configuration';
/** kube-apiserver answers 406 if the type of the document is not named. */
const ACCEPT = 'application/jwk-set+json, application/json';
/** A key takes half a kilobyte. */
const LARGEST_BYTES = 256 * 1024;
const TIMEOUT_MS = 4_000;

/** What the API server publishes about the issuer of ServiceAccount tokens. */
export interface IssuerDocuments extends KeySet {
  readonly issuer: string;
}

/** Reads both documents. Rejects if one cannot be read. */
export type ReadDocuments = (signal: AbortSignal) => Promise<IssuerDocuments>;

export function createReadDocuments(connection: Pick<Connection, 'request'>): ReadDocuments {
  async function read(path: string, signal: AbortSignal): Promise<string> {
    const request = { method: 'GET', path, accept: ACCEPT, signal, timeoutMs: TIMEOUT_MS } as const;
    const { chunks } = await connection.request(request);
    return readText(chunks, LARGEST_BYTES);
  }

  return async (signal) => {
    const [keys, discovery] = await Promise.all([read(KEYS_PATH, signal), read(DISCOVERY_PATH, signal)]);
    return { ...parseKeySet(keys), issuer: parseDiscovery(discovery) };
  };
}

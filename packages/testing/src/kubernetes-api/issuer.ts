import type { IncomingMessage, ServerResponse } from 'node:http';
import { issuerPaths, sendJson } from './http.ts';
import { createIssuerKey } from './service-account-token.ts';
import type { TestIssuerKey, TokenAlgorithm } from './service-account-token.ts';
import { Failure } from './status.ts';

const types = { keys: 'application/jwk-set+json', discovery: 'application/json' } as const;

/** The issuer of ServiceAccount tokens, with the documents that describe it. */
export interface Issuer {
  /** The `issuer` of the discovery document, and the `iss` of new tokens. */
  url: string;
  /** The published keys. The last one signs. */
  readonly keys: readonly TestIssuerKey[];
  /** Publishes a key and signs new tokens with it. The earlier ones stay published. */
  readonly addKey: (algorithm?: TokenAlgorithm) => TestIssuerKey;
  /** Takes a key out of the document, as an API server that is restarted without it. */
  readonly removeKey: (id: string) => void;
  /** False: the client has no right to `get` the documents. */
  granted: boolean;
  /** Number of requests for the keys, including refused ones. */
  readonly reads: number;
}

export interface IssuerRoutes {
  readonly issuer: Issuer;
  /** The key for new tokens. */
  readonly signingKey: () => TestIssuerKey;
  /** Answers a request for one of the documents. */
  readonly answer: (path: string, request: IncomingMessage, response: ServerResponse) => void;
}

export function createIssuer(): IssuerRoutes {
  const issuer = {
    url: 'https://kubernetes.default.svc.cluster.local',
    keys: [] as TestIssuerKey[],
    granted: true,
    reads: 0,
    addKey(algorithm?: TokenAlgorithm) {
      const key = createIssuerKey(algorithm);
      issuer.keys.push(key);
      return key;
    },
    removeKey(id: string) {
      issuer.keys = issuer.keys.filter((key) => key.id !== id);
    },
  };
  const signingKey = () => issuer.keys.at(-1) ?? issuer.addKey();

  return {
    issuer,
    signingKey,
    answer(path, request, response) {
      if (path === issuerPaths.keys) issuer.reads += 1;
      const type = types[path === issuerPaths.keys ? 'keys' : 'discovery'];
      if (!accepts(request.headers.accept, type)) throw new Failure(406, `${path} is ${type}`);
      if (!issuer.granted) throw new Failure(403, `forbidden: User "stand-in" cannot get path "${path}"`);
      signingKey();
      const body =
        path === issuerPaths.keys ? { keys: issuer.keys.map(({ jwk }) => jwk) } : discovery(issuer);
      sendJson(response, 200, body, { 'content-type': type, 'cache-control': 'public, max-age=3600' });
    },
  };
}

/** As go-restful does: a type is named as a whole, or all are taken. */
function accepts(header = '*/*', type: string): boolean {
  return header.split(',').some((taken) => ['*/*', type].includes(taken.split(';', 1)[0]?.trim() ?? ''));
}

/** Its `jwks_uri` is an address of the control plane, which clients need not reach. */
function discovery({ url, keys }: Issuer): object {
  return {
    issuer: url,
    jwks_uri: `https://192.0.2.1:6443${issuerPaths.keys}`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...new Set(keys.map(({ algorithm }) => algorithm))],
  };
}

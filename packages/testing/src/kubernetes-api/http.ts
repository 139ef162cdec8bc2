import type { IncomingMessage, ServerResponse } from 'node:http';
import type { KubernetesKind } from './object.ts';
import { Failure, statusObject } from './status.ts';

/** The paths of service account issuer discovery. */
export const issuerPaths = {
  keys: '/openid/v1/jwks',
  discovery: '/.well-known/openid-configuration',
} as const;

const KINDS: Readonly<Record<string, KubernetesKind>> = {
  pods: 'Pod',
  namespaces: 'Namespace',
  serviceaccounts: 'ServiceAccount',
  secrets: 'Secret',
  configmaps: 'ConfigMap',
  nodes: 'Node',
  daemonsets: 'DaemonSet',
};

interface PodPlace {
  readonly namespace: string;
  readonly name: string;
}

/** What a path refers to. */
export type Route =
  | { readonly resource: 'issuer' }
  | { readonly resource: 'tokenreviews' }
  | { readonly resource: 'events'; readonly namespace: string }
  | ({ readonly resource: 'pods/log' } & PodPlace)
  | ({ readonly resource: 'pods/exec' } & PodPlace)
  | {
      readonly resource: 'objects';
      readonly kind: KubernetesKind;
      readonly namespace: string | undefined;
      readonly name: string | undefined;
    };

const POD_PART = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)\/(log|exec)$/;
const PATH = /^\/(?:api\/v1|apis\/apps\/v1)(?:\/namespaces\/([^/]+))?\/([a-z]+)(?:\/([^/]+))?$/;

export function readRoute(path: string): Route {
  if (path === '/apis/authentication.k8s.io/v1/tokenreviews') return { resource: 'tokenreviews' };
  if (path === issuerPaths.keys || path === issuerPaths.discovery) return { resource: 'issuer' };
  const [, podNamespace = '', podName = '', part] = POD_PART.exec(path) ?? [];
  if (part !== undefined)
    return { resource: part === 'log' ? 'pods/log' : 'pods/exec', namespace: podNamespace, name: podName };
  const [, namespace, resource = '', name] = PATH.exec(path) ?? [];
  const kind = KINDS[resource];
  if (resource === 'events' && namespace !== undefined && name === undefined)
    return { resource: 'events', namespace };
  if (kind === undefined) return readNamespace(path);
  return { resource: 'objects', kind, namespace, name };
}

/** /api/v1/namespaces/NAME does not follow the pattern of the others. */
function readNamespace(path: string): Route {
  const [, name] = /^\/api\/v1\/namespaces\/([^/]+)$/.exec(path) ?? [];
  if (name === undefined)
    throw new Failure(404, 'the server could not find the requested resource', { details: {} });
  return { resource: 'objects', kind: 'Namespace', namespace: undefined, name };
}

export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

export function sendJson(response: ServerResponse, status: number, body: object, headers: object = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** Sends a Failure as its Status. Any other error is a bug of the stand-in and is reported as such. */
export function sendFailure(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { code, message, fields } =
    error instanceof Failure ? error : new Failure(500, `stand-in: ${String(error)}`);
  sendJson(response, code, statusObject(code, message, fields));
}

/** Checked before every answer: the server can hang or refuse everything. */
export interface Gate {
  /** Returns false if it has answered itself. */
  admits(response: ServerResponse): Promise<boolean>;
  /** Waits while the server hangs. Returns the status with which it refuses everything. */
  refusal(): Promise<Refusal | undefined>;
  hang(): void;
  resume(): void;
  /** Answers everything with this status. Undefined ends it. */
  readonly refuse: (status: number | undefined, headers?: Readonly<Record<string, string>>) => void;
}

interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

export function createGate(): Gate {
  let hung: PromiseWithResolvers<undefined> | undefined;
  let refusal: Refusal | undefined;

  async function current(): Promise<Refusal | undefined> {
    await hung?.promise;
    return refusal;
  }

  return {
    refusal: current,
    async admits(response) {
      const refused = await current();
      if (refused === undefined) return true;
      const { status, headers } = refused;
      sendJson(response, status, statusObject(status, 'refused by the stand-in'), headers);
      return false;
    },
    hang() {
      hung ??= Promise.withResolvers();
    },
    resume() {
      hung?.resolve(undefined);
      hung = undefined;
    },
    refuse(status, headers = {}) {
      refusal = status === undefined ? undefined : { status, headers };
    },
  };
}

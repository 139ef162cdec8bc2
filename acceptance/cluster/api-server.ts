import { request } from 'node:https';
import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';

/** Covers a busy API server and disk. Milliseconds. */
const WITHIN_MS = 30_000;

export interface ApiObject extends Readonly<Record<string, unknown>> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** Warnings, such as unknown fields or violated Pod Security levels. */
  readonly warnings: readonly string[];
}

/** A user to impersonate. */
export interface Impersonated {
  readonly user: string;
  readonly groups: readonly string[];
}

export interface ApiServer {
  ask(call: { method: string; path: string; body?: object; as?: Impersonated }): Promise<ApiAnswer>;
  /** The path of the object's collection; undefined if the server does not know the kind. */
  collectionOf(object: ApiObject): Promise<string | undefined>;
}

/** Access by path, for what a typed client does not support: strict fields, warnings, impersonation. */
export function createApiServer(kubeConfig: KubeConfig): ApiServer {
  const server = kubeConfig.getCurrentCluster()?.server ?? '';

  async function ask({ method, path, body, as }: Parameters<ApiServer['ask']>[0]): Promise<ApiAnswer> {
    const options: RequestOptions = { method, timeout: WITHIN_MS };
    await kubeConfig.applyToHTTPSOptions(options);
    options.headers = {
      ...(options.headers as Readonly<Record<string, string>> | undefined),
      ...(as && { 'Impersonate-User': as.user, 'Impersonate-Group': [...as.groups] }),
      'Content-Type': 'application/json',
    };
    return send({ url: `${server}${path}`, options, text: body === undefined ? '' : JSON.stringify(body) });
  }

  async function resourcesOf(apiVersion: string) {
    const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const { status, body } = await ask({ method: 'GET', path });
    if (status === 404) return { path, resources: [] };
    return { path, resources: body['resources'] as { kind: string; name: string; namespaced: boolean }[] };
  }

  return {
    ask,
    async collectionOf({ apiVersion, kind, metadata: { namespace = 'default' } }) {
      const { path, resources } = await resourcesOf(apiVersion);
      const found = resources.find((resource) => resource.kind === kind && !resource.name.includes('/'));
      if (found === undefined) return undefined;
      return found.namespaced ? `${path}/namespaces/${namespace}/${found.name}` : `${path}/${found.name}`;
    },
  };
}

/** A ServiceAccount as the API server sees it. */
export function serviceAccount(namespace: string, name: string): Impersonated {
  return {
    user: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  };
}

function send({ url, options, text }: { url: string; options: RequestOptions; text: string }) {
  return new Promise<ApiAnswer>((resolve, reject) => {
    const sent = request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const body = parsed(Buffer.concat(chunks).toString());
        // 299 - "the text"
        const warnings = (response.headersDistinct['warning'] ?? []).map((line) =>
          line.replace(/^299 - "|"$/g, ''),
        );
        resolve({ status: response.statusCode ?? 0, body, warnings });
      });
    });
    sent.on('timeout', () => sent.destroy(new Error(`${url} did not answer`)));
    sent.on('error', reject);
    sent.end(text);
  });
}

function parsed(text: string): ApiAnswer['body'] {
  try {
    return JSON.parse(text) as ApiAnswer['body'];
  } catch {
    return { message: text };
  }
}

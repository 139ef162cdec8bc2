import { request } from 'node:https';
import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';

/** A busy API server, and an etcd on a busy disk. Milliseconds. */
const WITHIN_MS = 30_000;

export interface ApiObject extends Readonly<Record<string, unknown>> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** What was said beside it: an unknown field, a level of Pod Security that is not met. */
  readonly warnings: readonly string[];
}

/** Who asks, if not the owner of the kubeconfig. */
export interface Impersonated {
  readonly user: string;
  readonly groups: readonly string[];
}

export interface ApiServer {
  ask(call: { method: string; path: string; body?: object; as?: Impersonated }): Promise<ApiAnswer>;
  /** Where objects of a kind are made; undefined where the server does not know the kind. */
  collectionOf(object: ApiObject): Promise<string | undefined>;
}

/** The API by its paths: what a typed client leaves out (strict fields, warnings, impersonation) can be asked for. */
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

/** Of Kubernetes: a ServiceAccount as it comes to the API server. */
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

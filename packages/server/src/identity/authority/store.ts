import { ApiError } from '../../kubernetes/api/api-error.ts';
import type { ApiRequest, Connection } from '../../kubernetes/api/connection.ts';
import { readText } from '../../kubernetes/api/lines.ts';
import { AuthorityFault } from './authorities.ts';
import { secretKeys } from './secret.ts';
import type { SecretValues } from './secret.ts';

/** A Secret has at most 1 MB (Kubernetes docs, "Secrets"), plus base64 and metadata. UTF-16 units. */
const MOST_TEXT = 4 * 1024 * 1024;
const TIMEOUT_MS = 10_000;
const BUNDLE = 'ca.crt';
const OWN_KEYS: readonly string[] = [...secretKeys, BUNDLE];

/** An object as read, on which a write is based. Undefined if there was none. */
type Found<Values> = { readonly values: Values; readonly object: StoredObject } | undefined;
export type FoundSecret = Found<SecretValues>;
export type FoundBundle = Found<string>;

interface StoredObject {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, unknown>> | null;
}

/** The Secret of the authorities and the ConfigMap of their bundle. Everything rejects while the API server is unavailable. */
export interface AuthorityStore {
  readonly readSecret: () => Promise<FoundSecret>;
  /** False if it was changed since it was read. */
  readonly writeSecret: (values: SecretValues, found: FoundSecret) => Promise<boolean>;
  readonly readBundle: () => Promise<FoundBundle>;
  readonly writeBundle: (pem: string, found: FoundBundle) => Promise<boolean>;
}

export interface AuthorityRemovalStore extends Pick<AuthorityStore, 'readSecret' | 'readBundle'> {
  /** False if it was changed since it was read. A missing object counts as removed. */
  readonly removeSecret: (found: NonNullable<FoundSecret>) => Promise<boolean>;
  readonly removeBundle: (found: NonNullable<FoundBundle>) => Promise<boolean>;
  /** The object's keys that no server writes. */
  readonly foreignKeys: (found: NonNullable<FoundSecret> | NonNullable<FoundBundle>) => readonly string[];
}

export interface AuthorityStoreDeps {
  readonly connection: Connection;
  readonly namespace: string;
  readonly name: string;
  readonly signal: AbortSignal;
}

/** One Secret and one ConfigMap of the same name. Writes keep foreign keys, and never overwrite a version that was not read. */
export function createAuthorityStore(deps: AuthorityStoreDeps): AuthorityStore & AuthorityRemovalStore {
  const secrets = collection('secrets', deps);
  const configMaps = collection('configmaps', deps);
  const { namespace, name } = deps;
  const fresh = (kind: string) => ({ apiVersion: 'v1', kind, metadata: { namespace, name } });

  return {
    async readSecret() {
      const object = await secrets.get();
      return object && { object, values: decoded(object) };
    },
    writeSecret(values, found) {
      const data = { ...found?.object.data, ...encoded(values) };
      return secrets.put({ ...(found?.object ?? { ...fresh('Secret'), type: 'Opaque' }), data }, found);
    },
    async readBundle() {
      const object = await configMaps.get();
      const pem = object?.data?.[BUNDLE];
      return object && { object, values: typeof pem === 'string' ? pem : '' };
    },
    writeBundle(pem, found) {
      const data = { ...found?.object.data, [BUNDLE]: pem };
      return configMaps.put({ ...(found?.object ?? fresh('ConfigMap')), data }, found);
    },
    removeSecret: (found) => secrets.remove(found),
    removeBundle: (found) => configMaps.remove(found),
    foreignKeys: ({ object }) => Object.keys(object.data ?? {}).filter((key) => !OWN_KEYS.includes(key)),
  };
}

function collection(resource: 'secrets' | 'configmaps', deps: AuthorityStoreDeps) {
  const { connection, namespace, name, signal } = deps;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/${resource}`;
  const one = `${path}/${encodeURIComponent(name)}`;

  async function ask(request: Pick<ApiRequest, 'method' | 'path' | 'body'>): Promise<string> {
    const { chunks } = await connection.request({ ...request, signal, timeoutMs: TIMEOUT_MS });
    return readText(chunks, MOST_TEXT);
  }

  /** With the chart's rights a server can only update existing objects (ADR 18). */
  async function created(create: () => Promise<string>): Promise<string> {
    try {
      return await create();
    } catch (cause) {
      if (!(cause instanceof ApiError) || cause.code !== 403) throw cause;
      const what = `${resource === 'secrets' ? 'Secret' : 'ConfigMap'} ${namespace}/${name}`;
      throw new AuthorityFault(`the ${what} does not exist, and the server may not create it`, {
        cause,
        hint: 'Create it empty with "helm upgrade" of the chart rolegate-server or "kubectl apply" of deploy/rolegate-server.yaml. Servers fill it.',
      });
    }
  }

  return {
    async get(): Promise<StoredObject | undefined> {
      const text = await unless(404, () => ask({ method: 'GET', path: one }));
      return text === undefined ? undefined : parsed(text, resource);
    },
    async put(body: object, found: Found<unknown>): Promise<boolean> {
      const written = await unless(409, () =>
        found === undefined
          ? created(() => ask({ method: 'POST', path, body }))
          : // It was deleted: the caller reads again before creating it.
            unless(404, () => ask({ method: 'PUT', path: one, body })),
      );
      return written !== undefined;
    },
    async remove({ object: { metadata } }: NonNullable<Found<unknown>>): Promise<boolean> {
      const preconditions = { uid: metadata['uid'], resourceVersion: metadata['resourceVersion'] };
      const body = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions };
      const removed = await unless(409, async () => {
        await unless(404, () => ask({ method: 'DELETE', path: one, body }));
        return true;
      });
      return removed === true;
    },
  };
}

async function unless<T>(code: number, act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof ApiError && error.code === code) return undefined;
    throw error;
  }
}

function parsed(text: string, resource: string): StoredObject {
  try {
    const object = JSON.parse(text) as Partial<StoredObject> | null;
    if (typeof object?.metadata === 'object') return object as StoredObject;
  } catch {
    // Reported below: this error would quote the text, keys included.
  }
  throw new Error(`get ${resource}: the response is not a Kubernetes object`);
}

function decoded({ data }: StoredObject): SecretValues {
  const values = Object.entries(data ?? {}).map(([key, value]): [string, string] => {
    if (typeof value !== 'string') throw new AuthorityFault(`${key} is not a string`);
    return [key, Buffer.from(value, 'base64').toString()];
  });
  return Object.fromEntries(values);
}

function encoded(values: SecretValues): SecretValues {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
}

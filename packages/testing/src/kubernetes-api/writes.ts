import { randomUUID } from 'node:crypto';
import type { Database } from './database.ts';
import { jsonPatch } from './json-patch.ts';
import { isRecord, mergePatch } from './object.ts';
import type { KubernetesKind, KubernetesObject, StoredObject } from './object.ts';
import { Failure } from './status.ts';

/** Kinds that clients can write. Others are changed only by the test. */
const WRITABLE: readonly KubernetesKind[] = ['Secret', 'ConfigMap'];

/** Kinds that clients can patch. */
const PATCHABLE: readonly KubernetesKind[] = ['Node', 'Namespace', 'Pod'];

/** Limit of all values together (k8s.io/api, core/v1 MaxSecretSize). Bytes. */
const MOST_BYTES = 1024 * 1024;

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export interface WriteRequest {
  readonly method: string;
  readonly kind: KubernetesKind;
  readonly namespace: string;
  /** Undefined for the collection. */
  readonly name: string | undefined;
  readonly body: string;
  readonly contentType?: string | undefined;
}

/** Creates, updates, patches and deletes like kube-apiserver 1.34. Undefined for other methods. */
export function write(database: Database, request: WriteRequest): [code: number, body: object] | undefined {
  const { method, kind, namespace, name } = request;
  if (method === 'PATCH' && PATCHABLE.includes(kind) && name !== undefined)
    return [200, patch(database, { ...request, name })];
  if (!WRITABLE.includes(kind)) return undefined;
  if (method === 'POST' && name === undefined) return [201, create(database, request)];
  if (method === 'PUT' && name !== undefined) return [200, update(database, { ...request, name })];
  if (method !== 'DELETE' || name === undefined) return undefined;
  const { uid, resourceVersion } = found(database, kind, namespace, name).metadata;
  checkPreconditions(request.body, { name, kind, uid, resourceVersion });
  database.delete(kind, namespace, name);
  const details = { name, kind: resourceOf(kind), uid };
  return [200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details }];
}

function patch(
  database: Database,
  { kind, namespace, name, body, contentType }: WriteRequest & { name: string },
): StoredObject {
  const former = found(database, kind, namespace, name);
  if (contentType === 'application/json-patch+json')
    return database.apply(jsonPatch(former, body) as KubernetesObject);
  if (contentType !== 'application/merge-patch+json')
    throw new Failure(415, `the stand-in takes no patch of ${String(contentType)}`);
  const object = mergePatch(former, asJson(body)) as KubernetesObject;
  if (object.metadata.resourceVersion !== former.metadata.resourceVersion) throw modified(kind, name);
  return database.apply(object);
}

/** DeleteOptions can name the exact object. */
function checkPreconditions(
  body: string,
  now: { name: string; kind: KubernetesKind; uid: string; resourceVersion: string },
): void {
  const options = body === '' ? {} : asJson(body);
  const preconditions = isRecord(options) ? options['preconditions'] : undefined;
  if (!isRecord(preconditions)) return;
  for (const [field, label] of [
    ['uid', 'UID'],
    ['resourceVersion', 'ResourceVersion'],
  ] as const) {
    const wanted = preconditions[field];
    if (wanted === undefined || wanted === now[field]) continue;
    throw new Failure(
      409,
      `Operation cannot be fulfilled on ${resourceOf(now.kind)} "${now.name}": Precondition failed: ` +
        `${label} in precondition: ${JSON.stringify(wanted)}, ${label} in object meta: ${now[field]}`,
    );
  }
}

function create(database: Database, { kind, namespace, body }: WriteRequest): StoredObject {
  const object = parse(body, kind, namespace);
  const { name } = object.metadata;
  if (object.metadata.resourceVersion !== undefined)
    throw new Failure(500, 'resourceVersion should not be set on objects to be created');
  if (database.get(kind, namespace, name) !== undefined)
    throw new Failure(409, `${resourceOf(kind)} "${name}" already exists`, { reason: 'AlreadyExists' });
  return database.apply({ ...object, metadata: { ...object.metadata, namespace, uid: randomUUID() } });
}

function update(
  database: Database,
  { kind, namespace, name, body }: WriteRequest & { name: string },
): StoredObject {
  const object = parse(body, kind, namespace);
  if (object.metadata.name !== name)
    throw new Failure(
      400,
      `the name of the object (${object.metadata.name}) does not match the name on the URL (${name})`,
    );
  const former = found(database, kind, namespace, name);
  const { resourceVersion = former.metadata.resourceVersion, uid } = object.metadata;
  if (
    resourceVersion !== former.metadata.resourceVersion ||
    (uid ?? former.metadata.uid) !== former.metadata.uid
  )
    throw modified(kind, name);
  if (kind === 'Secret' && object['type'] !== undefined && object['type'] !== former['type'])
    throw new Failure(422, `Secret "${name}" is invalid: type: field is immutable`);
  return database.apply(object);
}

function modified(kind: KubernetesKind, name: string): Failure {
  return new Failure(
    409,
    `Operation cannot be fulfilled on ${resourceOf(kind)} "${name}": the object has been modified; ` +
      'please apply your changes to the latest version and try again',
  );
}

function found(database: Database, kind: KubernetesKind, namespace: string, name: string): StoredObject {
  const object = database.get(kind, namespace, name);
  if (object === undefined) throw new Failure(404, `${resourceOf(kind)} "${name}" not found`);
  return object;
}

function parse(body: string, kind: KubernetesKind, namespace: string): KubernetesObject {
  const object: unknown = asJson(body);
  if (!isRecord(object) || (object['kind'] ?? kind) !== kind)
    throw new Failure(400, `the object provided is unrecognized (must be of type ${kind})`);
  const { metadata, data = {} } = object;
  if (!isRecord(metadata) || typeof metadata['name'] !== 'string')
    throw new Failure(
      422,
      `${kind} "" is invalid: metadata.name: Required value: name or generateName is required`,
    );
  if ((metadata['namespace'] ?? namespace) !== namespace)
    throw new Failure(
      400,
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  checkValues(data, kind, metadata['name']);
  return { ...object, kind, metadata: { ...metadata, namespace } } as unknown as KubernetesObject;
}

function checkValues(data: unknown, kind: KubernetesKind, name: string): void {
  const values: unknown[] = isRecord(data) ? Object.values(data) : [undefined];
  const good = (value: unknown) => typeof value === 'string' && (kind !== 'Secret' || BASE64.test(value));
  if (!values.every(good))
    throw new Failure(400, `${kind} in version "v1" cannot be handled as a ${kind}: illegal data`);
  if (values.join('').length > MOST_BYTES)
    throw new Failure(
      422,
      `${kind} "${name}" is invalid: data: Too long: may not be more than ${MOST_BYTES} bytes`,
    );
}

function asJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // handled below as something that is not an object
  }
}

function resourceOf(kind: KubernetesKind): string {
  return `${kind.toLowerCase()}s`;
}

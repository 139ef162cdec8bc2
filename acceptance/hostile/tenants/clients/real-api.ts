// Writes the tenants' objects to a real API server.
import { Agent, request } from 'node:https';
import type { KubernetesObject } from '@rolegate/testing';
import { machineMs, paced } from '../../cluster/clients/pace.ts';
import { nameOf, objectOf } from '../../cluster/clients/recipes.ts';
import type { ApiServer, ObjectName, RealApiCalls, Written } from '../../cluster/calls.ts';
import { serveCalls } from '../../../processes/serve-calls.ts';

/** Concurrent writes. */
const WRITERS = 8;
const MERGE = 'application/merge-patch+json';
const RESOURCES: Readonly<Record<string, string>> = {
  Pod: 'pods',
  Namespace: 'namespaces',
  ServiceAccount: 'serviceaccounts',
  Node: 'nodes',
};

interface Answer {
  readonly asked: string;
  readonly status: number;
  readonly body: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: WRITERS });
let server: ApiServer | undefined;

function ask(method: string, path: string, body?: object, type = 'application/json'): Promise<Answer> {
  if (server === undefined) throw new Error('not connected');
  const { url, ca, cert, key } = server;
  const text = body === undefined ? '' : JSON.stringify(body);
  // Node.js sends no content length for DELETE on its own.
  const headers = { 'content-type': type, 'content-length': Buffer.byteLength(text) };
  return new Promise((resolve, reject) => {
    const options = { method, agent, ca, cert, key, headers };
    const sent = request(`${url}${path}`, options, (response) => {
      let answer = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
      response.on('end', () => {
        resolve({ asked: `${method} ${path}`, status: response.statusCode ?? 0, body: answer });
      });
    });
    sent.on('error', reject);
    sent.end(text);
  });
}

function collectionOf({ kind, namespace }: Pick<ObjectName, 'kind' | 'namespace'>): string {
  const within = namespace === undefined ? '' : `/namespaces/${namespace}`;
  return `/api/v1${within}/${RESOURCES[kind] ?? ''}`;
}

function read({ asked, status, body }: Answer): { metadata: { uid: string } } {
  if (status >= 300) throw new Error(`${asked}: ${status} ${body.slice(0, 300)}`);
  return JSON.parse(body) as { metadata: { uid: string } };
}

async function create({ status, ...object }: KubernetesObject): Promise<Written> {
  const name = object as unknown as { kind: ObjectName['kind']; metadata: ObjectName };
  const collection = collectionOf({ kind: name.kind, ...namespaceOf(object) });
  const { metadata } = read(await ask('POST', collection, { apiVersion: 'v1', ...object }));
  // The API server ignores the status of a new object.
  if (status !== undefined)
    read(await ask('PATCH', `${collection}/${object.metadata.name}/status`, { status }, MERGE));
  return { uid: metadata.uid, atMs: machineMs() };
}

function namespaceOf({ metadata }: KubernetesObject): Pick<ObjectName, 'namespace'> {
  return metadata.namespace === undefined ? {} : { namespace: metadata.namespace };
}

/** Changes only the annotations of an existing object. */
async function apply(object: KubernetesObject): Promise<Written> {
  const kind = object.kind as ObjectName['kind'];
  const path = `${collectionOf({ kind, ...namespaceOf(object) })}/${object.metadata.name}`;
  const { annotations } = object.metadata;
  const answer = await ask('PATCH', path, { metadata: { annotations } }, MERGE);
  if (answer.status === 404) return create(object);
  return { uid: read(answer).metadata.uid, atMs: machineMs() };
}

async function remove(name: ObjectName): Promise<void> {
  const options = { gracePeriodSeconds: 0 };
  const answer = await ask('DELETE', `${collectionOf(name)}/${name.name}`, options);
  if (answer.status !== 404) read(answer);
}

serveCalls({
  connect(to) {
    server = to;
  },
  apply,
  remove,
  async fill({ recipe, perSecond }) {
    let next = 0;
    const pace = { perSecond: perSecond / WRITERS, shouldContinue: () => next < recipe.count };
    await Promise.all(
      Array.from({ length: WRITERS }, () => paced(pace, () => create(objectOf(recipe, { index: next++ })))),
    );
  },
  async clear(recipes) {
    for (const recipe of recipes)
      for (let index = 0; index < recipe.count; index++) await remove(nameOf(recipe, index));
  },
} satisfies RealApiCalls);

import { nearest, record, textOf } from '@rolegate/runtime';
import type { Answer } from '../answers/answer.ts';
import type { V1Pod } from '../answers/objects.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import type { Connection } from '../cluster/connection.ts';
import { listPages } from '../cluster/pages.ts';
import type { PodWord } from '../command-line/pod-word.ts';
import type { Absence } from './evidence.ts';
import { faultText } from './fault-text.ts';

/** Pods that may be meant. */
const MOST_NEAR = 3;
/** Pods of the Namespace among which they are looked for. */
const MOST_LISTED = 5_000;

export interface ReadPod {
  readonly pod: Answer<V1Pod>;
  readonly absence: Absence | undefined;
}

/** Reads the Pod. Rejects only if the API server answers nobody. */
export async function readPod(connection: Connection, named: PodWord, signal: AbortSignal): Promise<ReadPod> {
  const { namespace, name } = named;
  try {
    const right = { verb: 'get', resource: 'pods', namespace };
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
    const pod = (await connection.json({ path, right, signal })) as V1Pod;
    return { pod: { value: pod }, absence: undefined };
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    switch (error.fault) {
      case 'unreachable':
      case 'no credentials':
      case 'unauthorized':
        throw error;
      case 'not found': {
        const absence = await explainAbsence(connection, named, signal);
        return { pod: { fault: 'it does not exist' }, absence };
      }
      case 'forbidden':
      case 'conflict':
      case 'expired':
      case 'bad request':
      case 'failed':
        return { pod: { fault: faultText(error) }, absence: undefined };
    }
  }
}

/** Without the rights to find out, nothing is claimed. */
async function explainAbsence(
  connection: Connection,
  { namespace, name }: PodWord,
  signal: AbortSignal,
): Promise<Absence> {
  const unless =
    <T>(otherwise: T) =>
    (error: unknown): T => {
      if (error instanceof ClusterError) return otherwise;
      throw error;
    };
  const [isNamespaceMissing, elsewhere, names] = await Promise.all([
    isMissing(connection, namespace, signal).catch(unless(false)),
    namespacesOf(connection, name, signal).catch(unless([])),
    podsIn(connection, namespace, signal).catch(unless([])),
  ]);
  const inNamespace = nearNames(name, names).map((near) => `${namespace}/${near}`);
  const near = [...elsewhere.map((other) => `${other}/${name}`), ...inNamespace];
  return { isNamespaceMissing, near: near.slice(0, MOST_NEAR) };
}

async function isMissing(connection: Connection, namespace: string, signal: AbortSignal): Promise<boolean> {
  const right = { verb: 'get', resource: 'namespaces' };
  try {
    await connection.json({ path: `/api/v1/namespaces/${namespace}`, right, signal });
    return false;
  } catch (error) {
    if (error instanceof ClusterError && error.fault === 'not found') return true;
    throw error;
  }
}

/** Namespaces with a Pod of this name: the user may have forgotten `-n`. */
async function namespacesOf(
  connection: Connection,
  name: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const right = { verb: 'list', resource: 'pods' };
  const query = { fieldSelector: `metadata.name=${name}` };
  for await (const { items } of listPages(connection, { path: '/api/v1/pods', query, right, signal })) {
    const found = items.map((item) => record(record(item)['metadata']));
    return found
      .filter((metadata) => metadata['name'] === name)
      .slice(0, MOST_NEAR)
      .map(({ namespace }) => textOf(namespace));
  }
  return [];
}

async function podsIn(
  connection: Connection,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const names: string[] = [];
  const right = { verb: 'list', resource: 'pods', namespace };
  const path = `/api/v1/namespaces/${namespace}/pods`;
  for await (const { items } of listPages(connection, { path, right, signal })) {
    names.push(...items.map((item) => textOf(record(record(item)['metadata'])['name'])));
    if (names.length >= MOST_LISTED) break;
  }
  return names;
}

/** First Pods of a workload with this name. */
function nearNames(name: string, names: readonly string[]): readonly string[] {
  const ofWorkload = names.filter((each) => each.startsWith(`${name}-`)).slice(0, MOST_NEAR);
  const near = nearest(name, names);
  return [...new Set([...ofWorkload, ...(near === undefined ? [] : [near])])];
}

import { parseJson, record, textOf } from '@rolegate/runtime';
import { ClusterError } from './cluster-error.ts';
import type { Right } from './cluster-error.ts';
import type { Connection } from './connection.ts';
import { readLines } from './lines.ts';
import { listPages } from './pages.ts';

/** Set by the charts and by deploy/, in all versions. */
const SELECTOR = 'app.kubernetes.io/part-of=rolegate,app.kubernetes.io/component in (agent,server)';
/** The Namespace of the documentation, which is tried if not all Namespaces may be listed. */
export const USUAL_NAMESPACE = 'rolegate';
/** Containers with Rolegate's programs. Others, such as a mesh's proxy, are not ours. */
const CONTAINERS = ['agent', 'intercept', 'reconcile', 'server'];
/** A longer line of a watch ends it. Bytes. */
const LONGEST_EVENT = 4 * 1024 * 1024;
/** The API server sends a bookmark about each minute. Milliseconds. */
const WATCH_SILENCE_MS = 180_000;

/** A Pod of an agent or a server. */
export interface RolegatePod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly component: 'agent' | 'server';
  readonly node: string;
  /** Its own containers, init containers first. */
  readonly containers: readonly string[];
  readonly phase: string;
  readonly ready: boolean;
}

export interface PodChange {
  readonly type: 'present' | 'gone';
  readonly pod: RolegatePod;
}

export interface RolegatePodsRequest {
  /** Undefined: all Namespaces. */
  readonly namespace: string | undefined;
  readonly signal: AbortSignal;
}

export interface RolegatePods {
  readonly pods: readonly RolegatePod[];
  /** From which a watch continues. */
  readonly resourceVersion: string;
}

export async function listRolegatePods(
  connection: Connection,
  { namespace, signal }: RolegatePodsRequest,
): Promise<RolegatePods> {
  const pods = new Map<string, RolegatePod>();
  let resourceVersion = '';
  const right: Right = { verb: 'list', resource: 'pods', namespace };
  const query = { labelSelector: SELECTOR };
  for await (const page of listPages(connection, { path: podsPath(namespace), query, right, signal })) {
    ({ resourceVersion } = page);
    for (const item of page.items) {
      const pod = readPod(item);
      if (pod !== undefined) pods.set(pod.uid, pod);
    }
  }
  return { pods: [...pods.values()], resourceVersion };
}

/** Changes since the resourceVersion, until the API server ends the watch. */
export async function* watchRolegatePods(
  connection: Connection,
  { namespace, signal, resourceVersion }: RolegatePodsRequest & { readonly resourceVersion: string },
): AsyncGenerator<PodChange> {
  const right: Right = { verb: 'watch', resource: 'pods', namespace };
  const chunks = await connection.stream({
    path: podsPath(namespace),
    query: { labelSelector: SELECTOR, watch: 'true', allowWatchBookmarks: 'true', resourceVersion },
    right,
    signal,
    silenceMs: WATCH_SILENCE_MS,
  });
  for await (const lines of readLines(chunks, LONGEST_EVENT)) {
    for (const { text, leftOut } of lines) {
      const change = readChange(leftOut > 0 ? undefined : parseJson(text));
      // The caller lists again.
      if (change === 'unreadable') throw new ClusterError('expired', right, 'the watch ended; list again');
      if (change !== 'bookmark') yield change;
    }
  }
}

/** `unreadable`: an ERROR, mostly 410, or anything that is not known. */
function readChange(event: unknown): PodChange | 'bookmark' | 'unreadable' {
  const { type, object } = record(event);
  if (type === 'BOOKMARK') return 'bookmark';
  const pod = readPod(object);
  if (type === 'ERROR' || pod === undefined) return 'unreadable';
  return { type: type === 'DELETED' ? 'gone' : 'present', pod };
}

function podsPath(namespace: string | undefined): string {
  return namespace === undefined ? '/api/v1/pods' : `/api/v1/namespaces/${namespace}/pods`;
}

function readPod(object: unknown): RolegatePod | undefined {
  const { metadata, spec, status } = record(object);
  const { uid, name, namespace, labels } = record(metadata);
  const component = record(labels)['app.kubernetes.io/component'];
  if (typeof uid !== 'string' || (component !== 'agent' && component !== 'server')) return undefined;
  const { nodeName, containers, initContainers } = record(spec);
  const { phase, conditions } = record(status);
  return {
    uid,
    namespace: textOf(namespace),
    name: textOf(name),
    component,
    node: textOf(nodeName),
    containers: [...namesOf(initContainers), ...namesOf(containers)].filter((each) =>
      CONTAINERS.includes(each),
    ),
    phase: textOf(phase),
    ready: list(conditions).some((each) => each['type'] === 'Ready' && each['status'] === 'True'),
  };
}

function namesOf(containers: unknown): readonly string[] {
  return list(containers).map((container) => textOf(container['name']));
}

function list(value: unknown): readonly Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(record) : [];
}

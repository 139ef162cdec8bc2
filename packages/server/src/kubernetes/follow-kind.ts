import type { Clock, Log } from '@rolegate/runtime';
import type { ServerMemory } from '../memory/memory.ts';
import type { Connection } from './api/connection.ts';
import type { History } from './history.ts';
import type { LimitHit } from './limit-hits.ts';
import type { Names } from './objects/names.ts';
import { NO_ANNOTATIONS } from './objects/objects.ts';
import type { ApiObject } from './objects/objects.ts';
import { createStore } from './objects/store.ts';
import type { WritableStore } from './objects/store.ts';
import type { Texts } from './objects/texts.ts';
import { createListWatch } from './watch/list-watch.ts';
import type { ListWatch, WatchMetrics } from './watch/list-watch.ts';
import type { WatchedKind } from './watched-kinds.ts';

/** Only the metadata of nodes is needed (Kubernetes API concepts, "Receiving resources as Tables" and below). */
const METADATA_ONLY = 'application/json;as=PartialObjectMetadata{LIST};g=meta.k8s.io;v=v1,application/json';

export interface FollowKindDeps {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: WatchMetrics;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly memory: ServerMemory;
  readonly names: Names;
  readonly texts: Texts;
  readonly hit: LimitHit;
  readonly history: Pick<History, 'restored'>;
}

/** The objects of a kind, and the loop that updates them. */
export interface FollowedKind<T extends ApiObject> {
  readonly store: WritableStore<T>;
  readonly loop: ListWatch;
}

/** Watches the objects of a kind. Names and texts are shared between objects of all kinds. */
export function followKind<T extends ApiObject>(
  deps: FollowKindDeps,
  watched: WatchedKind<T>,
): FollowedKind<T> {
  const { connection, log, memory, names, texts, hit, history } = deps;
  const { kind, keyOf, namesOf = () => [], metadataOnly = false } = watched;
  const dropped = (object: T) => {
    texts.release(spaceOf(object), object.annotations);
    namesOf(object).forEach(names.release);
  };
  const restored = (from: string, to: string) => {
    history.restored(kind, from, to);
  };
  const store = createStore({ keyOf, log, dropped, restored });
  memory.count('doubted_objects', () => store.doubtedNames);
  const admit = (object: T) => {
    if (object.annotations === NO_ANNOTATIONS) return object;
    const namespace = spaceOf(object);
    const keys = tooLongKeys(object);
    if (keys.length > 0) hit('annotation_bytes', { kind, namespace, name: object.name, keys });
    return { ...object, annotations: texts.admit(namespace, object.annotations) };
  };
  const loop = createListWatch({
    ...deps,
    ...watched,
    connection: metadataOnly ? withMetadataOnly(connection) : connection,
    store,
    admit,
    dropped,
    lineTooLong() {
      hit('watch_line_bytes', { kind, namespace: '' });
    },
  });
  return { store, loop };
}

/** The Namespace whose budget the object's texts use; a Namespace object uses its own. */
function spaceOf(object: ApiObject & { readonly namespace?: string }): string {
  return object.namespace ?? object.name;
}

function tooLongKeys({ annotations }: ApiObject): string[] {
  return Object.entries(annotations).flatMap(([key, value]) => (typeof value === 'string' ? [] : [key]));
}

function withMetadataOnly(connection: Connection): Connection {
  return {
    request: (request) => {
      const list = request.query?.['watch'] === 'true' ? '' : 'List';
      return connection.request({ ...request, accept: METADATA_ONLY.replace('{LIST}', list) });
    },
    close() {
      connection.close();
    },
  };
}

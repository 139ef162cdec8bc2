import type { Database, StoredEvent } from './database.ts';
import type { KubernetesKind } from './object.ts';
import { Failure } from './status.ts';
import { createWatch } from './watch.ts';
import type { Endless, Watch, WatchRequest } from './watch.ts';

const INVALID = 'ListOptions.meta.k8s.io "" is invalid:';

export interface Watches {
  /** Answers a watch with events since the requested version and then with new ones. */
  open(request: WatchRequest): void;
  tell(event: StoredEvent): void;
  /** Sends a bookmark to all watches of the kind that requested them. */
  bookmark(kind: KubernetesKind): void;
  /** Sends a raw line to all watches of the kind. */
  readonly sendRaw: (kind: KubernetesKind, line: string) => void;
  /** Closes the connection of each watch, or ends each properly, as its timeoutSeconds would. */
  drop(how: 'cut' | 'end'): void;
  /** While it is true, lines wait. */
  setHung(hung: boolean): void;
  /** Streaming lists of the kind never end from now on. */
  readonly setEndless: (kind: KubernetesKind, endless: Endless | undefined) => void;
  /** Number of open watches. */
  readonly size: number;
}

export interface WatchesDeps {
  readonly database: Database;
  /** Whether streaming lists are offered. */
  readonly streaming: () => boolean;
}

/** The watch side of kube-apiserver 1.34, according to recorded answers. */
export function createWatches({ database, streaming }: WatchesDeps): Watches {
  const responses = new Map<Watch, WatchRequest['response']>();
  const endless = new Map<KubernetesKind, Endless>();
  let hung = false;

  /** Sends nothing from now on. Its client may not have noticed yet. */
  function close(watch: Watch, how: 'cut' | 'end'): void {
    const response = responses.get(watch);
    responses.delete(watch);
    if (how === 'cut') response?.destroy();
    else response?.end();
  }

  function ofKind(kind: KubernetesKind): Watch[] {
    return [...responses.keys()].filter((watch) => watch.kind === kind);
  }

  return {
    open(request) {
      const { kind, query, response } = request;
      checkQuery(query, streaming());
      const watch = createWatch(request, {
        database,
        isHung: () => hung,
        endlessList: () => endless.get(kind),
        close,
      });
      responses.set(watch, response);
      const seconds = Number(query.get('timeoutSeconds') ?? 1800);
      const timer = setTimeout(close, seconds * 1000, watch, 'end').unref();
      response.on('close', () => {
        clearTimeout(timer);
        responses.delete(watch);
      });
      watch.begin();
    },
    tell(event) {
      for (const watch of responses.keys()) watch.tell(event);
    },
    bookmark(kind) {
      for (const watch of ofKind(kind)) watch.bookmark();
    },
    sendRaw(kind, line) {
      for (const watch of ofKind(kind)) watch.send(line);
    },
    drop(how) {
      for (const watch of responses.keys()) close(watch, how);
    },
    setHung(next) {
      hung = next;
      for (const watch of responses.keys()) watch.resume();
    },
    setEndless(kind, how) {
      if (how === undefined) endless.delete(kind);
      else endless.set(kind, how);
    },
    get size() {
      return responses.size;
    },
  };
}

function checkQuery(query: URLSearchParams, streaming: boolean): void {
  const version = query.get('resourceVersion') ?? '';
  if (!/^\d*$/.test(version))
    throw new Failure(500, `resourceVersion: Invalid value: "${version}"`, { reason: undefined });
  const match = query.get('resourceVersionMatch');
  if (!query.has('sendInitialEvents')) {
    if (match === null) return;
    throw new Failure(
      422,
      `${INVALID} resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided`,
    );
  }
  if (!streaming) {
    throw new Failure(
      422,
      `${INVALID} sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled`,
    );
  }
  if (match !== 'NotOlderThan') {
    throw new Failure(
      422,
      `${INVALID} resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan`,
    );
  }
}

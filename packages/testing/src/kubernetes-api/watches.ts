import type { ServerResponse } from 'node:http';
import { jsonOf, writePieces } from './answer-text.ts';
import type { Database, StoredEvent } from './database.ts';
import type { KubernetesKind, StoredObject } from './object.ts';
import { Failure, statusObject } from './status.ts';

const INVALID = 'ListOptions.meta.k8s.io "" is invalid:';

export interface WatchRequest {
  readonly kind: KubernetesKind;
  readonly namespace: string | undefined;
  readonly query: URLSearchParams;
  readonly response: ServerResponse;
}

export interface Watches {
  /** Answers a watch: what has happened since the version asked for, then what happens. */
  open(request: WatchRequest): void;
  tell(event: StoredEvent): void;
  /** A bookmark to all watches of the kind that asked for them. */
  bookmark(kind: KubernetesKind): void;
  /** A line as it is, to all watches of the kind. */
  readonly sendRaw: (kind: KubernetesKind, line: string) => void;
  /** Closes the connection under each, or ends each in order, as its timeoutSeconds would. */
  drop(how: 'cut' | 'end'): void;
  /** While it is true nothing is sent; it follows later. */
  setHung(hung: boolean): void;
  /** From now on streaming lists of the kind never end. */
  readonly setEndless: (kind: KubernetesKind, endless: Endless | undefined) => void;
  /** How many are open. */
  readonly size: number;
}

/** A list that says nothing, or a byte each second and never a whole line. */
export type Endless = 'silent' | 'trickling';

const TRICKLE_EVERY_MS = 1_000;

interface Watch {
  readonly request: WatchRequest;
  readonly bookmarks: boolean;
  /** Lines that wait while the server hangs, or until the list that comes before them is sent. */
  readonly waiting: string[];
  /** It is told of nothing that is not newer than the version that it asked for. */
  readonly from: number;
  /** Its list is being sent. */
  listing: boolean;
}

/** The watch side of kube-apiserver 1.34, as its answers were recorded. */
export function createWatches({
  database,
  streaming,
}: {
  database: Database;
  streaming: () => boolean;
}): Watches {
  const watches = new Set<Watch>();
  const endless = new Map<KubernetesKind, Endless>();
  let hung = false;

  function send(watch: Watch, line: string): void {
    if (hung || watch.listing) watch.waiting.push(line);
    else watch.request.response.write(`${line}\n`);
  }

  function sendWaiting(watch: Watch): void {
    for (const line of watch.waiting.splice(0)) send(watch, line);
  }

  /** Told nothing from now on: its client may not have noticed yet. */
  function close(watch: Watch, how: 'cut' | 'end'): void {
    watches.delete(watch);
    if (how === 'cut') watch.request.response.destroy();
    else watch.request.response.end();
  }

  function sendEvent(watch: Watch, { type, object }: StoredEvent): void {
    const { kind, namespace } = watch.request;
    if (object.kind !== kind || (namespace !== undefined && object.metadata.namespace !== namespace)) return;
    if (Number(object.metadata.resourceVersion) <= watch.from) return;
    send(watch, jsonOf({ type, object }));
  }

  function bookmarkFor({ request }: Watch, annotations?: object): string {
    const metadata = { resourceVersion: `${database.version}`, ...(annotations && { annotations }) };
    return JSON.stringify({
      type: 'BOOKMARK',
      object: { kind: request.kind, apiVersion: 'v1', metadata },
    });
  }

  /** Everything there is, then the bookmark that ends it for those who take bookmarks; then what has happened meanwhile. */
  async function sendAll(watch: Watch): Promise<void> {
    const { kind, namespace, response, query } = watch.request;
    const how = query.has('sendInitialEvents') ? endless.get(kind) : undefined;
    if (how === 'trickling') trickle(response);
    watch.listing = true;
    if (how !== undefined) return;
    const end = watch.bookmarks ? [bookmarkFor(watch, { 'k8s.io/initial-events-end': 'true' })] : [];
    const lines = addedLines(database.list(kind, namespace));
    if (hung) watch.waiting.unshift(...lines, ...end);
    else {
      await writePieces(response, withNewlines(lines));
      watch.waiting.unshift(...end);
    }
    watch.listing = false;
    if (!hung) sendWaiting(watch);
  }

  function sendSince(watch: Watch, from: number): void {
    if (from < database.compactedVersion) {
      const message = `too old resource version: ${from} (${database.compactedVersion})`;
      // Told in the body: the answer has begun with 200.
      send(watch, JSON.stringify({ type: 'ERROR', object: statusObject(410, message) }));
      close(watch, 'end');
      return;
    }
    for (const event of database.since(from)) sendEvent(watch, event);
  }

  return {
    open(request) {
      const { query, response } = request;
      checkQuery(query, streaming());
      const bookmarks = query.get('allowWatchBookmarks') === 'true';
      const from = Number(query.get('resourceVersion') ?? 0);
      const watch: Watch = { request, bookmarks, waiting: [], from, listing: false };
      watches.add(watch);
      response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
      response.flushHeaders();
      const seconds = Number(query.get('timeoutSeconds') ?? 1800);
      const timer = setTimeout(() => {
        close(watch, 'end');
      }, seconds * 1000).unref();
      response.on('close', () => {
        clearTimeout(timer);
        watches.delete(watch);
      });
      if (from === 0) void sendAll(watch);
      else sendSince(watch, from);
    },
    tell(event) {
      for (const watch of watches) sendEvent(watch, event);
    },
    bookmark(kind) {
      for (const watch of watches)
        if (watch.bookmarks && watch.request.kind === kind && database.version >= watch.from)
          send(watch, bookmarkFor(watch));
    },
    sendRaw(kind, line) {
      for (const watch of watches) if (watch.request.kind === kind) send(watch, line);
    },
    drop(how) {
      for (const watch of watches) close(watch, how);
    },
    setHung(next) {
      hung = next;
      if (!hung) for (const watch of watches) if (!watch.listing) sendWaiting(watch);
    },
    setEndless(kind, how) {
      if (how === undefined) endless.delete(kind);
      else endless.set(kind, how);
    },
    get size() {
      return watches.size;
    },
  };
}

function* addedLines(objects: readonly StoredObject[]): Generator<string> {
  for (const object of objects) yield jsonOf({ type: 'ADDED', object });
}

function* withNewlines(lines: Iterable<string>): Generator<string> {
  for (const line of lines) yield `${line}\n`;
}

function trickle(response: ServerResponse): void {
  const timer = setInterval(() => {
    if (!response.writableEnded) response.write(' ');
  }, TRICKLE_EVERY_MS).unref();
  response.once('close', () => {
    clearInterval(timer);
  });
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

import type { ServerResponse } from 'node:http';
import { jsonOf, writePieces } from './answer-text.ts';
import type { Database, StoredEvent } from './database.ts';
import { readSelector } from './label-selector.ts';
import type { Selector } from './label-selector.ts';
import type { KubernetesKind, StoredObject } from './object.ts';
import { statusObject } from './status.ts';

export interface WatchRequest {
  readonly kind: KubernetesKind;
  readonly namespace: string | undefined;
  readonly query: URLSearchParams;
  readonly response: ServerResponse;
}

/** A client's watch. */
export interface Watch {
  readonly kind: KubernetesKind;
  /** Answers with everything since the requested version, or with all objects. */
  readonly begin: () => void;
  readonly tell: (event: StoredEvent) => void;
  /** Sends a bookmark if the client requested them. */
  readonly bookmark: () => void;
  readonly send: (line: string) => void;
  /** Sends what has waited while the server was hanging. */
  readonly resume: () => void;
}

export interface WatchDeps {
  readonly database: Database;
  /** While it is true, lines wait. */
  readonly isHung: () => boolean;
  readonly endlessList: () => Endless | undefined;
  /** Ends the watch. */
  readonly close: (watch: Watch, how: 'end') => void;
}

/** A list that sends nothing, or one byte per second and never a complete line. */
export type Endless = 'silent' | 'trickling';

const TRICKLE_EVERY_MS = 1_000;

export function createWatch(request: WatchRequest, deps: WatchDeps): Watch {
  const { kind, namespace, query, response } = request;
  const { database, isHung, endlessList, close } = deps;
  const takesBookmarks = query.get('allowWatchBookmarks') === 'true';
  /** Events up to this version are not sent. */
  const from = Number(query.get('resourceVersion') ?? 0);
  const selects = readSelector(query.get('labelSelector'));
  const outlet = createOutlet(response, isHung);
  const watch: Watch = { kind, begin, tell, bookmark, send: outlet.send, resume: outlet.resume };

  function begin(): void {
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
    response.flushHeaders();
    if (from === 0) void sendAll();
    else sendSince();
  }

  function tell(event: StoredEvent): void {
    const { object } = event;
    if (object.kind !== kind || (namespace !== undefined && object.metadata.namespace !== namespace)) return;
    if (Number(object.metadata.resourceVersion) <= from) return;
    const type = selectedType(event, selects);
    if (type !== undefined) outlet.send(jsonOf({ type, object }));
  }

  function bookmark(): void {
    if (takesBookmarks && database.version >= from) outlet.send(bookmarkOf(kind, database.version));
  }

  /** Sends all objects, then the bookmark that ends the list for clients that accept bookmarks, then later events. */
  async function sendAll(): Promise<void> {
    const endless = query.has('sendInitialEvents') ? endlessList() : undefined;
    if (endless === 'trickling') trickle(response);
    outlet.beginList();
    if (endless !== undefined) return;
    const last = { 'k8s.io/initial-events-end': 'true' };
    const ending = takesBookmarks ? [bookmarkOf(kind, database.version, last)] : [];
    await outlet.sendList(addedLines(database.list(kind, namespace).filter(selects)), ending);
  }

  function sendSince(): void {
    if (from < database.compactedVersion) {
      const message = `too old resource version: ${from} (${database.compactedVersion})`;
      // Sent in the body, because the answer has begun with 200.
      outlet.send(JSON.stringify({ type: 'ERROR', object: statusObject(410, message) }));
      close(watch, 'end');
      return;
    }
    for (const event of database.since(from)) tell(event);
  }

  return watch;
}

/** To a watch with a selector, an object whose labels change comes or goes. Undefined: it does not see the event. */
function selectedType(
  { type, object, former }: StoredEvent,
  selects: Selector,
): StoredEvent['type'] | undefined {
  const was = former !== undefined && selects(former);
  if (type !== 'DELETED' && selects(object)) return was ? 'MODIFIED' : 'ADDED';
  return was ? 'DELETED' : undefined;
}

/** The lines of a watch. They wait while the server hangs and until the preceding list is sent. */
function createOutlet(response: ServerResponse, isHung: () => boolean) {
  const waiting: string[] = [];
  let listing = false;

  function send(line: string): void {
    if (isHung() || listing) waiting.push(line);
    else response.write(`${line}\n`);
  }

  function resume(): void {
    if (isHung() || listing) return;
    for (const line of waiting.splice(0)) send(line);
  }

  return {
    send,
    resume,
    beginList(): void {
      listing = true;
    },
    /** `ending`: the lines that end the list. */
    async sendList(lines: Iterable<string>, ending: readonly string[]): Promise<void> {
      if (isHung()) waiting.unshift(...lines, ...ending);
      else {
        await writePieces(response, withNewlines(lines));
        waiting.unshift(...ending);
      }
      listing = false;
      resume();
    },
  };
}

function bookmarkOf(kind: KubernetesKind, version: number, annotations?: object): string {
  const metadata = { resourceVersion: `${version}`, ...(annotations && { annotations }) };
  return JSON.stringify({ type: 'BOOKMARK', object: { kind, apiVersion: 'v1', metadata } });
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

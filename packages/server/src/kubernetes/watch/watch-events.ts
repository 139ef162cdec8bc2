import { record } from '@rolegate/runtime';
import { toApiError } from '../api/api-error.ts';
import { readLines } from '../api/lines.ts';
import type { Line } from '../api/lines.ts';
import { createJsonReader } from '../json/json-reader.ts';
import { identityOf } from '../objects/objects.ts';
import type { Identity } from '../objects/objects.ts';
import { eventShape, INITIAL_EVENTS_END } from '../objects/shapes.ts';
import type { Kind } from '../objects/shapes.ts';

/** etcd stores up to 1.5 MB an object by default, which escaping in JSON can multiply by six; the rest is reserve. Bytes. */
const LONGEST_LINE = 24 * 1024 * 1024;
/** A longer line is cut down before it is parsed. Bytes. */
const WHOLE_LINE = 256 * 1024;

/** An event of a watch (Kubernetes API concepts, "Efficient detection of changes"). */
export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: unknown }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly endsList: boolean }
  | UnreadableEvent;

/** A change that cannot be read. */
export interface UnreadableEvent {
  readonly type: 'UNREADABLE';
  readonly fault: string;
  /** As far as it can be read; undefined if the event is not about an object. */
  readonly identity: Identity | undefined;
}

/** The metric label of an event. */
export type WatchEventLabel = 'added' | 'modified' | 'deleted' | 'bookmark' | 'error' | 'unreadable';

export interface ReadEventsOptions {
  readonly chunks: AsyncIterable<Buffer>;
  readonly kind: Kind;
  /** For messages, e.g. `watch pods`. */
  readonly what: string;
  readonly count: (label: WatchEventLabel) => void;
  readonly tooLong: () => void;
}

/** The events of a watch's body. An ERROR event is thrown as ApiError. */
export async function* readEvents({
  chunks,
  kind,
  what,
  count,
  tooLong,
}: ReadEventsOptions): AsyncGenerator<WatchEvent> {
  const json = createJsonReader({ shape: eventShape(kind), wholeBytes: WHOLE_LINE });
  for await (const line of readLines({ chunks, json, longest: LONGEST_LINE })) {
    if ('tooLong' in line) tooLong();
    const event = readEvent(line);
    count(LABELS[event.type]);
    if (event.type === 'ERROR') throw toApiError(what, { code: 0, status: event.object });
    yield event;
  }
}

const LABELS = {
  ADDED: 'added',
  MODIFIED: 'modified',
  DELETED: 'deleted',
  BOOKMARK: 'bookmark',
  ERROR: 'error',
  UNREADABLE: 'unreadable',
} as const;

interface ErrorEvent {
  readonly type: 'ERROR';
  readonly object: unknown;
}

function readEvent(line: Line): WatchEvent | ErrorEvent {
  const { type, object } = record(line.value);
  if ('fault' in line) return unreadable(`a watch event cannot be read: ${line.fault}`, object);
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
    case 'ERROR':
      return { type, object };
    case 'BOOKMARK':
      return bookmark(object) ?? BAD_BOOKMARK;
    case undefined:
      return unreadable('a line of the watch is not an event', object);
    default:
      return unreadable('a watch event has an unknown type', object);
  }
}

const BAD_BOOKMARK: UnreadableEvent = {
  type: 'UNREADABLE',
  fault: 'a bookmark has no resourceVersion',
  identity: undefined,
};

function unreadable(fault: string, object: unknown): UnreadableEvent {
  return { type: 'UNREADABLE', fault, identity: identityOf(object) };
}

function bookmark(object: unknown): WatchEvent | undefined {
  const { resourceVersion, annotations } = record(record(object)['metadata']);
  if (typeof resourceVersion !== 'string' || resourceVersion === '') return undefined;
  return { type: 'BOOKMARK', resourceVersion, endsList: record(annotations)[INITIAL_EVENTS_END] === 'true' };
}

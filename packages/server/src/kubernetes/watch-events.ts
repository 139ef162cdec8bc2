import { toApiError } from './api-error.ts';
import { readLines } from './lines.ts';

/** etcd takes 1.5 MB an object by default: a longer line is not an object of any use. UTF-16 units. */
const MAX_LINE_LENGTH = 8 * 1024 * 1024;

/** Ends the objects of a streaming list (Kubernetes API concepts, "Streaming lists"). */
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

/** What a watch tells (Kubernetes API concepts, "Efficient detection of changes"). */
export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: unknown }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly endsList: boolean };

/** How an event is counted. */
export type WatchEventLabel = 'added' | 'modified' | 'deleted' | 'bookmark' | 'error' | 'passed-over';

export interface ReadEventsOptions {
  readonly chunks: AsyncIterable<string>;
  /** For messages, e.g. `watch pods`. */
  readonly what: string;
  readonly count: (label: WatchEventLabel) => void;
  /** What cannot be understood, and how its line begins. */
  readonly passOver: (fault: string, line: string) => void;
}

/** The events of a watch's body. An ERROR event is thrown as ApiError, the rest that is no event is passed over. */
export async function* readEvents({
  chunks,
  what,
  count,
  passOver,
}: ReadEventsOptions): AsyncGenerator<WatchEvent> {
  for await (const line of readLines(chunks, MAX_LINE_LENGTH)) {
    const read =
      'tooLong' in line ? { fault: 'a line of a watch is too long', line: '' } : readEvent(line.text);
    if ('fault' in read) {
      count('passed-over');
      passOver(read.fault, read.line);
    } else if (read.type === 'ERROR') {
      count('error');
      throw toApiError(what, { code: 0, status: read.object });
    } else {
      count(LABELS[read.type]);
      yield read;
    }
  }
}

const LABELS = { ADDED: 'added', MODIFIED: 'modified', DELETED: 'deleted', BOOKMARK: 'bookmark' } as const;

interface ErrorEvent {
  readonly type: 'ERROR';
  readonly object: unknown;
}

function readEvent(
  text: string,
): WatchEvent | ErrorEvent | { readonly fault: string; readonly line: string } {
  const line = text.slice(0, 200);
  const { type, object } = parsed(text);
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
    case 'ERROR':
      return { type, object };
    case 'BOOKMARK':
      return bookmark(object) ?? { fault: 'a bookmark has no resourceVersion', line };
    case undefined:
      return { fault: 'a line of a watch is not an event', line };
    default:
      return { fault: 'a watch event is of an unknown type', line };
  }
}

function bookmark(object: unknown): WatchEvent | undefined {
  const { resourceVersion, annotations } = record(record(object)['metadata']);
  if (typeof resourceVersion !== 'string' || resourceVersion === '') return undefined;
  return { type: 'BOOKMARK', resourceVersion, endsList: record(annotations)[INITIAL_EVENTS_END] === 'true' };
}

function parsed(text: string): Record<string, unknown> {
  try {
    return record(JSON.parse(text));
  } catch {
    // Told by the caller as a line that is not an event.
    return {};
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

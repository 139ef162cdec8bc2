import { record, textOf } from '@rolegate/runtime';
import type { Connection } from '../api/connection.ts';
import { freedChunks } from '../api/freed-chunks.ts';
import { createJsonReader } from '../json/json-reader.ts';
import { pageShape } from '../objects/shapes.ts';
import type { Kind } from '../objects/shapes.ts';

/** Small pages, to save memory of the API server; large objects have time. */
const FULL_PAGE = { limit: 100, timeoutMs: 60_000 };

/** Longer than a page of objects of the usual size. Bytes. */
const WHOLE_PAGE = 2 * 1024 * 1024;

/** A list that is only used for its resourceVersion. */
const VERSION_PAGE = { limit: 1, timeoutMs: 10_000 };

export interface ListPagesOptions {
  readonly connection: Connection;
  readonly kind: Kind;
  readonly path: string;
  readonly signal: AbortSignal;
  /** Gets each object; undefined if it is not JSON. */
  readonly item: (raw: unknown) => void;
  /** Called when something was received. */
  readonly heard: () => void;
}

/**
 * A consistent list, read page by page and object by object; no page is in memory as a whole. Resolves to its resourceVersion,
 * that of the first page. An expired continue token is an ApiError 410.
 */
export async function listPages(options: ListPagesOptions): Promise<string> {
  const first = await readPage(options, '');
  for (let next = first.next; next !== '';) next = (await readPage(options, next)).next;
  return first.resourceVersion;
}

/** The API server's current resourceVersion, from a consistent list of one object. */
export async function readVersion(
  options: Pick<ListPagesOptions, 'connection' | 'kind' | 'path' | 'signal'>,
): Promise<string> {
  const nothing = () => undefined;
  const { resourceVersion } = await readPage({ ...options, item: nothing, heard: nothing }, '', VERSION_PAGE);
  return resourceVersion;
}

interface Page {
  readonly resourceVersion: string;
  /** '' after the last. */
  readonly next: string;
}

async function readPage(
  { connection, kind, path, signal, item, heard }: ListPagesOptions,
  token: string,
  { limit, timeoutMs } = FULL_PAGE,
): Promise<Page> {
  const query = { limit: `${limit}`, ...(token === '' ? {} : { continue: token }) };
  const { chunks } = await connection.request({ method: 'GET', path, query, signal, timeoutMs });
  const json = createJsonReader({ shape: pageShape(kind), wholeBytes: WHOLE_PAGE, item });
  for await (const chunk of freedChunks(chunks)) {
    heard();
    json.push(chunk, 0, chunk.length);
    if (json.broken) break;
  }
  const whole = json.end();
  if ('fault' in whole) throw new Error(`${path}: the response is not a list: ${whole.fault}`);
  const { resourceVersion, continue: next } = record(record(whole.value)['metadata']);
  if (typeof resourceVersion !== 'string' || resourceVersion === '')
    throw new Error(`${path}: the response is not a list`);
  return { resourceVersion, next: textOf(next) };
}

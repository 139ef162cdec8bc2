import { record, textOf } from '@rolegate/runtime';
import type { Connection } from '../api/connection.ts';
import { freedChunks } from '../api/freed-chunks.ts';
import { createJsonReader } from '../json/json-reader.ts';
import { pageShape } from '../objects/shapes.ts';
import type { Kind } from '../objects/shapes.ts';

/** Objects a page: few enough that the API server need not hold much for us; and how long one may take, however large they are. */
const FULL_PAGE = { limit: 100, timeoutMs: 60_000 };

/** A page of objects of the usual size is shorter. Bytes. */
const WHOLE_PAGE = 2 * 1024 * 1024;

/** A list of which nothing but the resourceVersion is wanted. */
const VERSION_PAGE = { limit: 1, timeoutMs: 10_000 };

export interface ListPagesOptions {
  readonly connection: Connection;
  readonly kind: Kind;
  readonly path: string;
  readonly signal: AbortSignal;
  /** Given each object as it comes; undefined: it is no JSON. */
  readonly item: (raw: unknown) => void;
  /** Something has come. */
  readonly heard: () => void;
}

/**
 * A consistent list, page by page and object by object: no page is ever held whole. Resolves to its resourceVersion, that of
 * the first page. A continue token that has expired is an ApiError 410: list again.
 */
export async function listPages(options: ListPagesOptions): Promise<string> {
  const first = await readPage(options, '');
  for (let next = first.next; next !== '';) next = (await readPage(options, next)).next;
  return first.resourceVersion;
}

/** The resourceVersion that the API server is at, by a consistent list of one object. */
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
  if ('fault' in whole) throw new Error(`${path}: the answer is not a list: ${whole.fault}`);
  const { resourceVersion, continue: next } = record(record(whole.value)['metadata']);
  if (typeof resourceVersion !== 'string' || resourceVersion === '')
    throw new Error(`${path}: the answer is not a list`);
  return { resourceVersion, next: textOf(next) };
}

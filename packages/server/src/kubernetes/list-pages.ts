import type { Connection } from './connection.ts';
import { readText } from './lines.ts';

/** Objects a page: few enough that the text of one page is small (DESIGN.md 6, memory of a paged list). */
const PAGE_LIMIT = 100;

/** Objects of 1.5 MB, etcd's limit, in every place of a page. UTF-16 units. */
const MAX_PAGE_LENGTH = PAGE_LIMIT * 1.5 * 1024 * 1024;

/** A page is answered from memory or etcd: without a byte for so long the server is not well. Milliseconds. */
const PAGE_TIMEOUT_MS = 30_000;

export interface Page {
  readonly items: readonly unknown[];
  /** Of the whole list: the same on each of its pages. */
  readonly resourceVersion: string;
}

export interface ListPagesOptions {
  readonly connection: Connection;
  readonly path: string;
  readonly signal: AbortSignal;
}

/** A consistent list, page by page. A continue token that has expired is an ApiError 410: list anew. */
export async function* listPages({ connection, path, signal }: ListPagesOptions): AsyncGenerator<Page> {
  let token: string | undefined = '';
  while (token !== undefined) {
    const query = { limit: `${PAGE_LIMIT}`, ...(token === '' ? {} : { continue: token }) };
    const { chunks } = await connection.request({
      method: 'GET',
      path,
      query,
      signal,
      timeoutMs: PAGE_TIMEOUT_MS,
    });
    const { page, next } = readPage(await readText(chunks, MAX_PAGE_LENGTH), path);
    yield page;
    token = next;
  }
}

function readPage(text: string, path: string): { page: Page; next: string | undefined } {
  const { items, metadata } = JSON.parse(text) as { items?: unknown; metadata?: Record<string, unknown> };
  const { resourceVersion, continue: next } = metadata ?? {};
  if (typeof resourceVersion !== 'string' || resourceVersion === '')
    throw new Error(`${path}: the answer is not a list`);
  return {
    // Go writes an empty slice as null.
    page: { items: Array.isArray(items) ? items : [], resourceVersion },
    next: typeof next === 'string' && next !== '' ? next : undefined,
  };
}

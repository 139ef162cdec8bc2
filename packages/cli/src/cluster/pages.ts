import { record, textOf } from '@rolegate/runtime';
import { ClusterError } from './cluster-error.ts';
import type { Right } from './cluster-error.ts';
import type { Connection } from './connection.ts';

/** Objects in a page, as kubectl asks for. */
const PAGE = 500;

export interface ListRequest {
  /** For example `/api/v1/pods`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly right: Right;
  readonly signal: AbortSignal;
}

/** A page of a list, unchecked. */
export interface Page {
  readonly items: readonly unknown[];
  readonly resourceVersion: string;
  /** Items after this page; undefined if the API server does not say. */
  readonly remaining: number | undefined;
}

/**
 * Lists objects page by page, so that a cluster of any size takes the memory of one page. If the list expires on the
 * way, the rest comes from a newer state, as kubectl does.
 */
export async function* listPages(connection: Connection, request: ListRequest): AsyncGenerator<Page> {
  let token = '';
  do {
    const answer = record(await onePage(connection, request, token));
    const metadata = record(answer['metadata']);
    token = textOf(metadata['continue']);
    const remaining = metadata['remainingItemCount'];
    yield {
      items: Array.isArray(answer['items']) ? answer['items'] : [],
      resourceVersion: textOf(metadata['resourceVersion']),
      remaining: typeof remaining === 'number' ? remaining : undefined,
    };
  } while (token !== '');
}

async function onePage(
  connection: Connection,
  { path, query, right, signal }: ListRequest,
  token: string,
): Promise<unknown> {
  const first = { ...query, limit: `${PAGE}` };
  try {
    return await connection.json({
      path,
      right,
      signal,
      query: token === '' ? first : { ...first, continue: token },
    });
  } catch (error) {
    if (token === '' || !(error instanceof ClusterError) || error.fault !== 'expired') throw error;
    // Objects that were listed already come again; callers go by name or UID.
    return connection.json({ path, right, signal, query: { ...query } });
  }
}

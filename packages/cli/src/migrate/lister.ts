import { ClusterError } from '../cluster/cluster-error.ts';
import type { Connection } from '../cluster/connection.ts';
import { explainClusterError } from '../cluster/explain-error.ts';
import { listPages } from '../cluster/pages.ts';
import type { Output } from '../output/output.ts';
import type { Listed } from './report/read-objects.ts';

const PATHS: Readonly<Record<Listed, string>> = {
  namespaces: '/api/v1/namespaces',
  serviceaccounts: '/api/v1/serviceaccounts',
  pods: '/api/v1/pods',
  nodes: '/api/v1/nodes',
  cronjobs: '/apis/batch/v1/cronjobs',
};
/** Without these, there is no report. */
const NEEDED: readonly Listed[] = ['namespaces', 'pods'];

/** Lists page by page, with a line of progress. A missing right to what is not needed is told once. */
export function listerOf(connection: Connection, output: Output, signal: AbortSignal) {
  return async (kind: Listed, each: (item: unknown) => void): Promise<string | undefined> => {
    let count = 0;
    try {
      for await (const page of listPages(connection, {
        path: PATHS[kind],
        right: { verb: 'list', resource: kind === 'cronjobs' ? 'cronjobs.batch' : kind },
        signal,
      })) {
        page.items.forEach(each);
        count += page.items.length;
        const all =
          page.remaining === undefined ? '' : ` of about ${(count + page.remaining).toLocaleString('en')}`;
        output.progress(`reading ${kind}: ${count.toLocaleString('en')}${all}`);
      }
      return undefined;
    } catch (error) {
      if (NEEDED.includes(kind) || !(error instanceof ClusterError)) throw error;
      const why = explainClusterError(error);
      output.note(why);
      return why;
    }
  };
}

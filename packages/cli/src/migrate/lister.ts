import { ClusterError } from '../cluster/cluster-error.ts';
import type { Connection } from '../cluster/connection.ts';
import { explainClusterError } from '../cluster/explain-error.ts';
import { listPages } from '../cluster/pages.ts';
import type { Output } from '../output/output.ts';
import type { ListAll, Listed } from './report/read-objects.ts';

/** In a group's API, a right names the group too. */
const KINDS: Readonly<Record<Listed, { readonly path: string; readonly resource: string }>> = {
  namespaces: { path: '/api/v1/namespaces', resource: 'namespaces' },
  serviceaccounts: { path: '/api/v1/serviceaccounts', resource: 'serviceaccounts' },
  pods: { path: '/api/v1/pods', resource: 'pods' },
  nodes: { path: '/api/v1/nodes', resource: 'nodes' },
  daemonsets: { path: '/apis/apps/v1/daemonsets', resource: 'daemonsets.apps' },
  deployments: { path: '/apis/apps/v1/deployments', resource: 'deployments.apps' },
  statefulsets: { path: '/apis/apps/v1/statefulsets', resource: 'statefulsets.apps' },
  cronjobs: { path: '/apis/batch/v1/cronjobs', resource: 'cronjobs.batch' },
};
/** Without these, there is no report. */
const NEEDED: readonly Listed[] = ['namespaces', 'pods', 'daemonsets', 'deployments'];

export interface Lister {
  /** Does not reject if the right to what is not needed is missing. */
  readonly list: ListAll;
  /** Grows by why something could not be read. */
  readonly missing: readonly string[];
}

/** Lists page by page, with a line of progress. A missing right to what is not needed is told once. */
export function listerOf(connection: Connection, output: Output, signal: AbortSignal): Lister {
  const missing: string[] = [];
  return {
    missing,
    async list(kind, each) {
      const { path, resource } = KINDS[kind];
      let count = 0;
      try {
        for await (const page of listPages(connection, { path, right: { verb: 'list', resource }, signal })) {
          page.items.forEach(each);
          count += page.items.length;
          const all =
            page.remaining === undefined ? '' : ` of about ${(count + page.remaining).toLocaleString('en')}`;
          output.progress(`reading ${kind}: ${count.toLocaleString('en')}${all}`);
        }
      } catch (error) {
        if (NEEDED.includes(kind) || !(error instanceof ClusterError)) throw error;
        const why = explainClusterError(error);
        missing.push(why);
        output.note(why);
      }
    },
  };
}

import type { Connection } from '../cluster/connection.ts';
import { listPages } from '../cluster/pages.ts';
import { oldProgram } from './release/old-program.ts';
import type { OldProgram, WorkloadKind } from './release/old-program.ts';

const PATHS: Readonly<Record<WorkloadKind, { readonly path: string; readonly resource: string }>> = {
  DaemonSet: { path: '/apis/apps/v1/daemonsets', resource: 'daemonsets.apps' },
  Deployment: { path: '/apis/apps/v1/deployments', resource: 'deployments.apps' },
};

/** Finds the DaemonSets and Deployments of kiam and kube2iam, by their images. */
export async function findPrograms(
  connection: Connection,
  signal: AbortSignal,
): Promise<readonly OldProgram[]> {
  const found: OldProgram[] = [];
  for (const kind of ['DaemonSet', 'Deployment'] as const) {
    const { path, resource } = PATHS[kind];
    for await (const page of listPages(connection, { path, right: { verb: 'list', resource }, signal })) {
      for (const item of page.items) {
        const program = oldProgram(kind, item);
        if (program !== undefined) found.push(program);
      }
    }
  }
  return found;
}

export type Chosen = { readonly programs: readonly OldProgram[] } | { readonly fault: string };

/** The programs of one old system. If there are two, the user says which. */
export function chooseSystem(found: readonly OldProgram[], from: 'kiam' | 'kube2iam' | undefined): Chosen {
  const systems = [...new Set(found.map(({ system }) => system))];
  const [only] = systems;
  const system = from ?? only;
  if (system === undefined || !systems.includes(system))
    return {
      fault: `no DaemonSet or Deployment has an image of ${from ?? 'kiam or kube2iam'}, by the name of the image`,
    };
  if (from === undefined && systems.length > 1)
    return {
      fault: 'the cluster has kiam and kube2iam; say which of the two with --from, and make a report of each',
    };
  return { programs: found.filter((program) => program.system === system) };
}

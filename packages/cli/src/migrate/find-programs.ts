import type { OldRules } from './old-rules/old-system.ts';
import { oldProgram } from './release/old-program.ts';
import type { OldProgram } from './release/old-program.ts';
import { rulesOf } from './release/rules-of.ts';
import type { ListAll } from './report/read-objects.ts';

/** Finds the DaemonSets and Deployments of kiam and kube2iam, by their images. */
export async function findPrograms(list: ListAll): Promise<readonly OldProgram[]> {
  const found: OldProgram[] = [];
  for (const [kind, listed] of [
    ['DaemonSet', 'daemonsets'],
    ['Deployment', 'deployments'],
  ] as const)
    await list(listed, (item) => {
      const program = oldProgram(kind, item);
      if (program !== undefined) found.push(program);
    });
  return found;
}

/** The old system that a cluster moves from. */
export interface OldInstallation {
  readonly programs: readonly OldProgram[];
  readonly rules: OldRules;
  readonly baseArn: string;
}

export interface ChoiceFlags {
  readonly from: 'kiam' | 'kube2iam' | undefined;
  readonly 'role-base-arn': string | undefined;
}

/** The programs and rules of one old system. If there are two, the user says which. */
export function chooseSystem(
  found: readonly OldProgram[],
  { from, 'role-base-arn': baseArn }: ChoiceFlags,
): OldInstallation | { readonly fault: string } {
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
  const programs = found.filter((program) => program.system === system);
  const known = rulesOf(programs, baseArn);
  return 'fault' in known ? known : { programs, ...known };
}

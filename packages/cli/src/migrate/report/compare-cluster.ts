import type { Lister } from '../lister.ts';
import { createNewPolicy } from '../new-verdict.ts';
import { keysOf } from '../old-rules/old-system.ts';
import type { OldRules } from '../old-rules/old-system.ts';
import { describeProgram } from '../release/old-program.ts';
import type { OldProgram } from '../release/old-program.ts';
import { countPods } from './count-pods.ts';
import type { CountedPods } from './count-pods.ts';
import { createJudge } from './judge.ts';
import type { Annotations, Judged } from './judge.ts';
import { namespaceReport } from './namespace-report.ts';
import type { PodFacts } from './pod-facts.ts';
import { readNamespaces, readServiceAccounts } from './read-objects.ts';
import type { NamespaceReport } from './report.ts';

export interface CompareDeps {
  readonly programs: readonly OldProgram[];
  readonly rules: OldRules;
  /** Ends in a slash. */
  readonly baseArn: string;
  readonly lister: Lister;
  /** Hears of each Pod. */
  readonly observe?: (pod: PodFacts, judged: Judged) => void;
}

export interface Comparison extends Omit<CountedPods, 'tally'> {
  /** All, by name. */
  readonly byNamespace: readonly NamespaceReport[];
  /** Of each Namespace. */
  readonly annotations: ReadonlyMap<string, Annotations>;
  /** What could not be read. */
  readonly incomplete: readonly string[];
}

/** Reads the cluster, kind by kind, and compares. Its memory does not depend on the number of Pods, but for UIDs and addresses. */
export async function compareCluster(deps: CompareDeps): Promise<Comparison> {
  const { rules, baseArn } = deps;
  const { list } = deps.lister;
  const defaultRole = rules.kind === 'kube2iam' ? rules.defaultRole : undefined;
  const policy = createNewPolicy({ baseArn, defaultRole, ceilings: [] });
  const keys = keysOf(rules);
  const annotations = await readNamespaces(list, keys);
  const serviceAccounts = await readServiceAccounts(list);
  const judge = createJudge({
    rules,
    policy,
    namespace: (name) => annotations.get(name),
    serviceAccount: (namespace, name) => serviceAccounts.get(`${namespace}/${name}`),
  });
  const { tally, ...counted } = await countPods({
    list,
    keys,
    names: annotations.keys(),
    judge,
    observe: deps.observe,
  });
  const byNamespace = tally.map((each) =>
    namespaceReport(each, annotations.get(each.name) ?? {}, { rules, policy, baseArn }),
  );
  return {
    ...counted,
    byNamespace,
    annotations,
    incomplete: notRead(deps),
  };
}

/** What could not be read so far. */
export function notRead({ programs, lister }: Pick<CompareDeps, 'programs' | 'lister'>): readonly string[] {
  const unread = programs.flatMap((program) =>
    program.unread === undefined ? [] : [`${describeProgram(program)}: ${program.unread}`],
  );
  return [...unread, ...lister.missing];
}

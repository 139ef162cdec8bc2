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
import type { ListAll, Listed } from './read-objects.ts';
import type { NamespaceReport } from './report.ts';

export interface CompareDeps {
  readonly programs: readonly OldProgram[];
  readonly rules: OldRules;
  /** Ends in a slash. */
  readonly baseArn: string;
  /** Calls `each` with every object of a kind. Returns why that was not possible; undefined if it was. */
  readonly list: (kind: Listed, each: (item: unknown) => void) => Promise<string | undefined>;
  /** Hears of each Pod. */
  readonly observe?: (pod: PodFacts, judged: Judged) => void;
}

export interface Comparison extends Omit<CountedPods, 'tally'> {
  /** All, by name. */
  readonly byNamespace: readonly NamespaceReport[];
  /** Of each Namespace. */
  readonly annotations: ReadonlyMap<string, Annotations>;
  /** Grows by what cannot be read. */
  readonly incomplete: readonly string[];
  readonly list: ListAll;
}

/** Reads the cluster, kind by kind, and compares. Its memory does not depend on the number of Pods, but for UIDs and addresses. */
export async function compareCluster(deps: CompareDeps): Promise<Comparison> {
  const { programs, rules, baseArn } = deps;
  const defaultRole = rules.kind === 'kube2iam' ? rules.defaultRole : undefined;
  const policy = createNewPolicy({ baseArn, defaultRole, ceilings: [] });
  const incomplete = programs.flatMap((program) =>
    program.unread === undefined ? [] : [`${describeProgram(program)}: ${program.unread}`],
  );
  const list: ListAll = async (kind, each) => {
    const why = await deps.list(kind, each);
    if (why !== undefined) incomplete.push(why);
  };
  const keys = keysOf(rules);
  const annotations = await readNamespaces(list, keys);
  const serviceAccounts = await readServiceAccounts(list);
  const judge = createJudge({
    rules,
    policy,
    namespace: (name) => annotations.get(name),
    serviceAccount: (namespace, name) => serviceAccounts.get(`${namespace}/${name}`),
  });
  const { tally, ...counted } = await countPods(list, keys, judge, deps.observe);
  const seen = new Set(tally.map(({ name }) => name));
  const empty = [...annotations.keys()].filter((name) => !seen.has(name)).map(emptyTally);
  const byNamespace = [...tally, ...empty]
    .map((each) => namespaceReport(each, annotations.get(each.name) ?? {}, { rules, policy, baseArn }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  return {
    ...counted,
    byNamespace,
    annotations,
    incomplete,
    list,
  };
}

function emptyTally(name: string) {
  return {
    name,
    pods: 0,
    groups: [],
    counts: {},
    ungrouped: 0,
    roles: [],
    withExternalId: 0,
    withSessionName: 0,
  };
}

import { readNodeRoleUse } from '../cloudtrail/node-role-use.ts';
import type { NodeRoleUse } from '../cloudtrail/node-role-use.ts';
import { createNewPolicy } from '../new-verdict.ts';
import { keysOf } from '../old-rules/old-system.ts';
import type { OldRules } from '../old-rules/old-system.ts';
import { flagRows } from '../release/flag-rows.ts';
import { describeProgram } from '../release/old-program.ts';
import type { OldProgram } from '../release/old-program.ts';
import { changeKinds } from './change.ts';
import type { ChangeKind } from './change.ts';
import { countPods } from './count-pods.ts';
import { differences } from './differences.ts';
import { createJudge } from './judge.ts';
import { isNotable, namespaceReport } from './namespace-report.ts';
import { readNamespaces, readNodes, readServiceAccounts } from './read-objects.ts';
import type { ListAll, Listed } from './read-objects.ts';
import type { NamespaceReport, Report } from './report.ts';

export interface ReportDeps {
  readonly programs: readonly OldProgram[];
  readonly rules: OldRules;
  /** Ends in a slash. */
  readonly baseArn: string;
  /** Calls `each` with every object of a kind. Returns why that was not possible; undefined if it was. */
  readonly list: (kind: Listed, each: (item: unknown) => void) => Promise<string | undefined>;
  /** The bytes of a CloudTrail export. */
  readonly cloudTrail: AsyncIterable<Buffer> | undefined;
  readonly progress: (line: string) => void;
}

const MOST_ACCOUNTS = 50;

/** Reads the cluster, kind by kind, and compares. Its memory does not depend on the number of Pods, but for their addresses. */
export async function makeReport(deps: ReportDeps): Promise<Report> {
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
  const namespaces = await readNamespaces(list, keys);
  const serviceAccounts = await readServiceAccounts(list);
  const judge = createJudge({
    rules,
    policy,
    namespace: (name) => namespaces.get(name),
    serviceAccount: (namespace, name) => serviceAccounts.get(`${namespace}/${name}`),
  });
  const counted = await countPods(list, keys, judge);
  const nodeRole = await nodeRoleUse(deps, counted.withoutRole, list);
  const seen = new Set(counted.tally.map(({ name }) => name));
  const empty = [...namespaces.keys()].filter((name) => !seen.has(name)).map(emptyTally);
  const all = [...counted.tally, ...empty].map((tally) =>
    namespaceReport(tally, namespaces.get(tally.name) ?? {}, { rules, policy, baseArn }),
  );
  return {
    system: rules.kind,
    programs: programs.map((program) => ({ of: describeProgram(program), version: program.version })),
    baseArn,
    namespaces: namespaces.size,
    pods: counted.pods,
    changed: changed(all),
    byNamespace: all.filter(isNotable).sort((one, other) => (one.name < other.name ? -1 : 1)),
    otherAccounts: otherAccounts(all),
    differences: differences(programs, rules),
    software: counted.software,
    flags: flagRows(programs),
    ...(nodeRole !== undefined && { nodeRole }),
    incomplete,
  };
}

async function nodeRoleUse(
  { cloudTrail, progress }: ReportDeps,
  withoutRole: ReadonlyMap<string, string>,
  list: ListAll,
): Promise<NodeRoleUse | undefined> {
  if (cloudTrail === undefined) return undefined;
  const nodes = await readNodes(list);
  return readNodeRoleUse(cloudTrail, {
    podAt: (ip) => withoutRole.get(ip),
    nodeOf: (instance) => nodes.get(instance),
    progress: (events) => {
      progress(`reading CloudTrail: ${events.toLocaleString('en')} events`);
    },
  });
}

function emptyTally(name: string) {
  return {
    name,
    pods: 0,
    groups: [],
    ungrouped: 0,
    roles: [],
    withExternalId: 0,
    withSessionName: 0,
  };
}

function changed(all: readonly NamespaceReport[]): Report['changed'] {
  const counts = Object.fromEntries(Object.keys(changeKinds).map((kind) => [kind, 0])) as Record<
    ChangeKind,
    number
  >;
  for (const { groups } of all) for (const { kind, pods } of groups) counts[kind] += pods;
  return counts;
}

/** `arn:aws:iam::210987654321:role/*` of roles that the ceiling refuses. */
function otherAccounts(all: readonly NamespaceReport[]): readonly string[] {
  const outside = all
    .flatMap(({ groups }) => groups)
    .filter(({ kind, reason }) => kind === 'role-lost' && reason === 'OutsideCeiling')
    .map(({ before }) => before.replace(/:role\/.*$/, ':role/*'));
  return [...new Set(outside)].sort().slice(0, MOST_ACCOUNTS);
}

import { readNodeRoleUse } from '../cloudtrail/node-role-use.ts';
import type { NodeRoleUse } from '../cloudtrail/node-role-use.ts';
import { flagRows } from '../release/flag-rows.ts';
import { describeProgram } from '../release/old-program.ts';
import { changeKinds } from './change.ts';
import type { ChangeKind } from './change.ts';
import { compareCluster, notRead } from './compare-cluster.ts';
import type { CompareDeps } from './compare-cluster.ts';
import { differences } from './differences.ts';
import { isNotable } from './namespace-report.ts';
import { createProxiedPaths, proxiedRequest } from './proxied-paths.ts';
import { readNodes } from './read-objects.ts';
import type { NamespaceReport, Report } from './report.ts';

export interface ReportDeps extends CompareDeps {
  /** The bytes of a CloudTrail export. */
  readonly cloudTrail: AsyncIterable<Buffer> | undefined;
  /** Calls `each` with every line of kube2iam's logs; undefined if they are not to be read. Returns why some are missing. */
  readonly logs: ((each: (line: string) => void) => Promise<readonly string[]>) | undefined;
  readonly progress: (line: string) => void;
}

const MOST_ACCOUNTS = 50;

/** A report of a cluster with kiam or kube2iam. */
export async function makeReport(deps: ReportDeps): Promise<Report> {
  const { programs, rules } = deps;
  const pods = new Map<string, string>();
  const { byNamespace, ...compared } = await compareCluster({
    ...deps,
    observe: ({ namespace, name, ip, hostNetwork }) => {
      if (deps.logs !== undefined && ip !== '' && !hostNetwork) pods.set(ip, `${namespace}/${name}`);
    },
  });
  const paths = createProxiedPaths((ip) => pods.get(ip));
  const missingLogs = await deps.logs?.((line) => {
    const request = proxiedRequest(line);
    if (request !== undefined) paths.add(request);
  });
  const nodeRole = await nodeRoleUse(deps, compared.withoutRole);
  return {
    system: rules.kind,
    programs: programs.map((program) => ({ of: describeProgram(program), version: program.version })),
    baseArn: deps.baseArn,
    namespaces: compared.annotations.size,
    pods: compared.pods,
    changed: changed(byNamespace),
    byNamespace: byNamespace.filter(isNotable),
    otherAccounts: otherAccounts(byNamespace),
    differences: differences(programs, rules),
    software: compared.software,
    ...(missingLogs !== undefined && { paths: paths.rows() }),
    flags: flagRows(programs),
    ...(nodeRole !== undefined && { nodeRole }),
    incomplete: [...notRead(deps), ...(missingLogs ?? []), ...paths.omitted()],
  };
}

async function nodeRoleUse(
  { cloudTrail, progress, lister }: ReportDeps,
  withoutRole: ReadonlyMap<string, string>,
): Promise<NodeRoleUse | undefined> {
  if (cloudTrail === undefined) return undefined;
  const nodes = await readNodes(lister.list);
  return readNodeRoleUse(cloudTrail, {
    podAt: (ip) => withoutRole.get(ip),
    nodeOf: (instance) => nodes.get(instance),
    progress: (events) => {
      progress(`reading CloudTrail: ${events.toLocaleString('en')} events`);
    },
  });
}

function changed(all: readonly NamespaceReport[]): Report['changed'] {
  const counts = Object.fromEntries(Object.keys(changeKinds).map((kind) => [kind, 0])) as Record<
    ChangeKind,
    number
  >;
  const kinds = Object.keys(changeKinds) as ChangeKind[];
  for (const tally of all) for (const kind of kinds) counts[kind] += tally.counts[kind] ?? 0;
  return counts;
}

/** `arn:aws:iam::210987654321:role/*` of roles that the ceiling refuses. */
export function otherAccounts(all: readonly NamespaceReport[]): readonly string[] {
  const outside = all
    .flatMap(({ groups }) => groups)
    .filter(({ kind, reason }) => kind === 'role-lost' && reason === 'OutsideCeiling')
    .map(({ before }) => before.replace(/:role\/.*$/, ':role/*'));
  return [...new Set(outside)].sort().slice(0, MOST_ACCOUNTS);
}

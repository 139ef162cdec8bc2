import { roleName } from '@rolegate/server';
import { namesText } from '../names-text.ts';
import { changeKinds } from './change.ts';
import type { ChangeKind } from './change.ts';
import type { NamespaceReport, Report } from './report.ts';
import type { Section, Table } from './section.ts';
import type { Group } from './tally.ts';

/** Names that are shown of a long list. */
const MOST_LISTED = 50;

/** How Pods fare, by kind of change. */
export function changeSections(report: Report): readonly Section[] {
  return (Object.keys(changeKinds) as ChangeKind[]).flatMap((kind) => {
    const rows = report.byNamespace.flatMap(({ name, groups }) =>
      groups.filter((group) => group.kind === kind).map((group) => groupRow(name, group, report.baseArn)),
    );
    if (rows.length === 0) return [];
    const { title, todo } = changeKinds[kind];
    const accounts = kind === 'role-lost' ? report.otherAccounts : [];
    return [
      {
        title: `Pods that ${title}: ${report.changed[kind]}`,
        lines:
          accounts.length === 0
            ? []
            : [`Roles of other accounts: roles.ceiling of the server must list ${accounts.join(', ')} too`],
        table: tableOf(kind, rows),
        todo,
      },
    ];
  });
}

/** Why a Pod has no role, or is on the host network, needs no column. */
function tableOf(kind: ChangeKind, rows: readonly (readonly string[])[]): Table {
  const head = ['NAMESPACE', 'PODS', 'NOW', 'THEN', 'PODS BY NAME', 'WHY'];
  if (kind !== 'no-role' && kind !== 'host-network') return { head, rows };
  return {
    head: ['NAMESPACE', 'PODS', 'NOW', 'PODS BY NAME'],
    rows: rows.map((row) => row.filter((_, at) => at !== 3 && at !== 5)),
  };
}

function groupRow(namespace: string, group: Group, baseArn: string): readonly string[] {
  const { pods, names, before, after, reason, why } = group;
  return [
    namespace,
    String(pods),
    roleName(before, baseArn),
    after === '' ? reason : roleName(after, baseArn),
    namesText(names, pods),
    why,
  ];
}

/** What is to be said of annotations of Namespaces. */
export function ruleSections({ byNamespace, system }: Report): readonly Section[] {
  const withRole = byNamespace.filter(({ permits, roles }) => permits === 'none' && roles.length > 0);
  const faults = byNamespace.filter(({ fault }) => fault !== undefined);
  const open = byNamespace.filter(({ openAlternatives }) => openAlternatives);
  const chosen = byNamespace.filter(
    ({ withExternalId, withSessionName }) => withExternalId + withSessionName > 0,
  );
  const uncounted = byNamespace.filter(({ ungrouped }) => ungrouped > 0);
  return [
    ...named(withRole, 'Namespaces that permit nothing, with Pods that have a role now', ({ roles }) => [
      roles.length === 1 ? '1 role' : `${roles.length} roles`,
    ]),
    ...(faults.length === 0
      ? []
      : [
          {
            title: 'Namespaces with annotations that Rolegate does not accept',
            lines: [],
            table: {
              head: ['NAMESPACE', 'FAULT', 'INSTEAD'],
              rows: faults.map(({ name, fault }) => [
                name,
                fault?.why.replace(`Namespace ${name}: `, '') ?? '',
                fault?.instead ?? '',
              ]),
              isWide: true as const,
            },
          },
        ]),
    ...(open.length === 0
      ? []
      : [
          {
            title: `Namespaces whose expression ${system} reads as more than it says`,
            lines: [
              'It has alternatives without a group, so only the first is anchored at its start and the last at its end. Rolegate matches each as a whole.',
              namesText(
                open.slice(0, MOST_LISTED).map(({ name }) => name),
                open.length,
              ),
            ],
          },
        ]),
    ...(chosen.length === 0
      ? []
      : [
          {
            title: 'Namespaces whose Pods choose an external ID or a session name',
            lines: [],
            table: {
              head: ['NAMESPACE', 'PODS WITH EXTERNAL ID', 'WITH SESSION NAME'],
              rows: chosen.map(({ name, withExternalId, withSessionName }) => [
                name,
                String(withExternalId),
                String(withSessionName),
              ]),
            },
            todo: 'rolegate.dev/permitted-external-ids can limit external IDs; a session name follows <namespace>. and does not replace it',
          },
        ]),
    ...named(uncounted, 'Namespaces with more differences than are listed', ({ ungrouped }) => [
      `${ungrouped} more Pods`,
    ]),
  ];
}

function named(
  namespaces: readonly NamespaceReport[],
  title: string,
  cells: (namespace: NamespaceReport) => readonly string[],
): readonly Section[] {
  if (namespaces.length === 0) return [];
  const rows = namespaces.map((namespace) => [namespace.name, ...cells(namespace)]);
  return [{ title, lines: [], table: { head: ['NAMESPACE', 'WHAT'], rows } }];
}

import { roleName } from '@rolegate/server';
import { changeKinds } from './change.ts';
import type { ChangeKind } from './change.ts';
import type { NamespaceReport, Report } from './report.ts';
import type { Group } from './tally.ts';

/** A part of a report as a page shows it, whatever its format. */
export interface Section {
  readonly title: string;
  /** Lines before the table. */
  readonly lines: readonly string[];
  readonly table?: Table;
  /** What to do, after the table. */
  readonly todo?: string;
}

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Its cells are sentences, which a terminal shows below each other. */
  readonly isWide?: true;
}

/** The parts of a report, with what breaks first. A part of which there is nothing to say is left out. */
export function reportSections(report: Report): readonly Section[] {
  return [
    ...changeSections(report),
    ...ruleSections(report),
    ...nodeRoleSections(report),
    ...pathSections(report),
    ...clusterSections(report),
    ...(report.incomplete.length === 0
      ? []
      : [{ title: 'What could not be read, and so is missing above', lines: report.incomplete }]),
  ];
}

/** What a report is about, and its figures. */
export function summaryLines({
  system,
  programs,
  baseArn,
  namespaces,
  pods,
  changed,
}: Report): readonly string[] {
  const kinds = Object.keys(changeKinds) as ChangeKind[];
  const sum = (effect: string) =>
    kinds
      .filter((kind) => changeKinds[kind].effect === effect)
      .reduce((total, kind) => total + changed[kind], 0);
  return [
    `From ${system} to Rolegate: ${programs.map(({ of, version }) => `${of}${version === '' ? '' : ` ${version}`}`).join(', ')}`,
    `Base ARN ${baseArn}; ${namespaces} Namespaces, ${pods} Pods and CronJobs`,
    `${sum('breaks')} would lose their role or get another, ${sum('opens')} would get a role that they do not get now`,
  ];
}

function changeSections(report: Report): readonly Section[] {
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
  const more = pods - names.length;
  return [
    namespace,
    String(pods),
    roleName(before, baseArn),
    after === '' ? reason : roleName(after, baseArn),
    `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
    why,
  ];
}

function ruleSections({ byNamespace, system }: Report): readonly Section[] {
  const withRole = byNamespace.filter(({ permits, roles }) => permits === 'none' && roles.length > 0);
  const faults = byNamespace.filter(({ fault }) => fault !== undefined);
  const open = byNamespace.filter(({ openAlternatives }) => openAlternatives);
  const chosen = byNamespace.filter(
    ({ withExternalId, withSessionName }) => withExternalId + withSessionName > 0,
  );
  const uncounted = byNamespace.filter(({ ungrouped }) => ungrouped > 0);
  return [
    ...named(withRole, 'Namespaces that permit nothing, with Pods that have a role now', ({ roles }) => [
      `${roles.length} roles`,
    ]),
    ...named(faults, 'Namespaces whose annotations Rolegate takes for invalid', ({ fault }) => [
      fault?.why ?? '',
      fault?.instead ?? '',
    ]),
    ...(open.length === 0
      ? []
      : [
          {
            title: `Namespaces whose expression ${system} reads as more than it says`,
            lines: [
              'It has alternatives without a group, so only the first is anchored at its start and the last at its end. Rolegate matches each as a whole.',
              listed(open.map(({ name }) => name)),
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

/** Names that are shown of a long list. */
const MOST_LISTED = 50;

function listed(names: readonly string[]): string {
  const more = names.length - MOST_LISTED;
  return `${names.slice(0, MOST_LISTED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function named(
  namespaces: readonly NamespaceReport[],
  title: string,
  cells: (namespace: NamespaceReport) => readonly string[],
): readonly Section[] {
  if (namespaces.length === 0) return [];
  const rows = namespaces.map((namespace) => [namespace.name, ...cells(namespace)]);
  const head = ['NAMESPACE', 'WHAT', 'INSTEAD'].slice(0, rows[0]?.length);
  return [{ title, lines: [], table: { head, rows } }];
}

function nodeRoleSections({ nodeRole }: Report): readonly Section[] {
  if (nodeRole === undefined) return [];
  const { events, nodeEvents, unread, from, to, pods, software, moreCalls } = nodeRole;
  const lines = [
    `${events} events, ${nodeEvents} with the role of a node${from === '' ? '' : `, from ${from} to ${to}`}`,
    ...(unread > 0 ? [`${unread} records could not be read`] : []),
    ...(moreCalls > 0 ? [`${moreCalls} calls are not listed`] : []),
    'An address can have belonged to another Pod at that time; a call from the address of a node can come from any Pod there.',
  ];
  const podRows = pods.map(({ pod, calls, actions }) => [pod, String(calls), actions.join(', ')]);
  const unusual = software.filter(({ usual }) => !usual);
  return [
    {
      title: 'Pods that use the role of their node, by CloudTrail',
      lines,
      ...(podRows.length > 0 && { table: { head: ['POD', 'CALLS', 'WHAT'], rows: podRows } }),
    },
    ...(unusual.length === 0
      ? []
      : [
          {
            title: 'Other calls with the role of a node, without those that every node makes',
            lines: [],
            table: {
              head: ['SOFTWARE', 'CALLS', 'NODES', 'ROLE', 'WHAT'],
              rows: unusual.map((use) => [
                use.software,
                String(use.calls),
                use.nodes.join(', '),
                use.roleArn,
                use.actions.join(', '),
              ]),
            },
          },
        ]),
  ];
}

function pathSections({ paths }: Report): readonly Section[] {
  if (paths === undefined) return [];
  const rows = paths.map(({ path, calls, pods, then }) => [path, String(calls), then, pods.join(', ')]);
  return [
    {
      title: 'Paths other than credentials that Pods have asked kube2iam for',
      lines: rows.length === 0 ? ['none'] : [],
      ...(rows.length > 0 && { table: { head: ['PATH', 'CALLS', 'OPENED BY', 'PODS'], rows } }),
    },
  ];
}

function clusterSections({ differences, software, flags }: Report): readonly Section[] {
  return [
    {
      title: 'What differs for the whole cluster',
      lines: [],
      table: {
        isWide: true,
        head: ['ABOUT', 'NOW', 'THEN', 'TO DO'],
        rows: differences.map(({ about, now, then, todo }) => [about, now, then, todo]),
      },
    },
    ...(software.length === 0
      ? []
      : [
          {
            title: 'Software that may read more than credentials, by its images',
            lines: ['metadata.groups of the agent opens groups; placement is open by default'],
            table: {
              head: ['SOFTWARE', 'PODS', 'GROUPS', 'NAMESPACES'],
              rows: software.map((row) => [
                row.software,
                String(row.pods),
                row.groups.join(','),
                row.namespaces.join(', '),
              ]),
            },
          },
        ]),
    ...(flags.length === 0
      ? []
      : [
          {
            title: 'Flags',
            lines: ['The charts set most flags from values; docs/flags.md has all'],
            table: {
              head: ['OF', 'FLAG', 'BECOMES', 'NOTE'],
              rows: flags.map(({ of, flag, verdict, now, why }) => [
                of,
                `--${flag}`,
                verdict === 'same'
                  ? now || 'the same, always'
                  : verdict === 'needless'
                    ? 'nothing, it is not needed'
                    : 'nothing',
                why,
              ]),
            },
          },
        ]),
  ];
}

import type { Report } from './report.ts';
import type { Section } from './section.ts';

/** Who used the roles of nodes, if a CloudTrail export was read. */
export function nodeRoleSections({ nodeRole }: Report): readonly Section[] {
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

/** What kube2iam passed to the node, if its logs were read. */
export function pathSections({ paths }: Report): readonly Section[] {
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

/** What differs for all Pods. */
export function clusterSections({ differences, software, flags }: Report): readonly Section[] {
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

import { VERSION } from '@rolegate/runtime';
import { valueOf } from '../../answers/answer.ts';
import type { Cluster } from '../cluster.ts';
import type { Finding } from '../finding.ts';

/** Nodes or servers of a version that are named. */
const MOST_NAMED = 3;

/** An upgrade is fine while it lasts; one that stopped half-way is not. */
export function checkVersions({ agents, servers }: Cluster): readonly Finding[] {
  const ofAgents = byVersion(agents.map(({ node, status }) => [node, valueOf(status)?.version]));
  const ofServers = byVersion(servers.map(({ pod, status }) => [pod, valueOf(status)?.version]));
  const all = new Set([...ofAgents.keys(), ...ofServers.keys()]);
  if (all.size === 0) return [];
  const evidence = [versionsText('agents', ofAgents), versionsText('servers', ofServers)]
    .filter((part) => part !== '')
    .join('; ');
  if (all.size > 1)
    return [
      {
        severity: 'warning',
        check: 'versions',
        node: undefined,
        what: `${all.size} versions run at the same time`,
        evidence,
        fix: 'finish the upgrade: kubectl rollout status of the DaemonSet and the Deployment (docs/upgrade.md has the order)',
      },
    ];
  return all.has(VERSION)
    ? []
    : [
        {
          severity: 'info',
          check: 'versions',
          node: undefined,
          what: `this kubectl plugin is ${VERSION}, agents and servers are not: what they do not print is not checked`,
          evidence,
          fix: 'use the plugin of the version that runs',
        },
      ];
}

function byVersion(
  all: readonly (readonly [name: string, version: string | undefined])[],
): ReadonlyMap<string, readonly string[]> {
  const known = all.flatMap(([name, version]) => (version === undefined ? [] : [{ name, version }]));
  const groups = Map.groupBy(known, ({ version }) => version);
  return new Map([...groups].map(([version, group]) => [version, group.map(({ name }) => name)]));
}

function versionsText(kind: string, versions: ReadonlyMap<string, readonly string[]>): string {
  const parts = [...versions].map(([version, names]) => {
    const more = names.length > MOST_NAMED ? `, … (${names.length})` : '';
    return `${version} (${names.slice(0, MOST_NAMED).join(', ')}${more})`;
  });
  return parts.length === 0 ? '' : `${kind} ${parts.join(', ')}`;
}

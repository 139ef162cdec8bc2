import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { metadataGroups } from '@rolegate/protocol';
import { groupPaths, isNodeCredentials, ungroupedPaths } from '../../src/node-imds/groups.ts';

const grouped = Object.values(groupPaths).flat();

describe('Group lists', () => {
  it('The placement group has the paths that say where the node is', () => {
    expect([...groupPaths.placement].sort()).toEqual([
      'meta-data/placement/availability-zone',
      'meta-data/placement/availability-zone-id',
      'meta-data/placement/group-name',
      'meta-data/placement/host-id',
      'meta-data/placement/partition-number',
      'meta-data/placement/region',
    ]);
  });

  it('Every group that policies know has a list', () => {
    expect(Object.keys(groupPaths)).toEqual([...metadataGroups]);
  });

  it('The group lists name each path once and in canonical form', () => {
    const all = [...grouped, ...ungroupedPaths];
    expect(new Set(all).size).toBe(all.length);
    for (const path of all)
      expect(path).toMatch(/^(?:user-data|(?:meta-data|dynamic)(?:\/[a-z0-9-]+|\/<mac>|\/<tag>)+)$/);
  });

  it.each([
    {
      what: 'credentials and roles of the node',
      pattern: /^meta-data\/(?:iam|identity-credentials)/,
      everywhere: true,
    },
    { what: 'user data', pattern: /user-data/, everywhere: false },
    { what: 'signatures', pattern: /signature|pkcs7|rsa2048/, everywhere: false },
    { what: 'keys', pattern: /keys/, everywhere: false },
  ])('No group has $what', ({ pattern, everywhere }) => {
    expect(grouped.filter((path) => pattern.test(path))).toEqual([]);
    expect(ungroupedPaths.some((path) => pattern.test(path))).toBe(!everywhere);
  });
});

describe('docs/metadata.md', () => {
  const docs = new URL('../../../../docs/', import.meta.url);
  const page = readFileSync(new URL('metadata.md', docs), 'utf8');
  const paths = readFileSync(new URL('figures/metadata-paths.md', docs), 'utf8');
  const rowOf = (group: string) => page.split('\n').find((line) => line.startsWith(`| \`${group}\` `)) ?? '';
  const pathsUnder = (heading: string) => {
    const [, section = ''] = paths.split(`\n## ${heading}\n`);
    return [...(section.split('\n## ')[0] ?? '').matchAll(/^- `(.+)`$/gm)].map(([, path]) => path);
  };

  it.each(metadataGroups.map((group) => ({ group })))(
    'The page docs/metadata.md says whether $group is open, and docs/figures/metadata-paths.md lists its paths',
    ({ group }) => {
      expect(rowOf(group)).toContain(group === 'placement' ? '| open ' : '| closed ');
      expect(pathsUnder(`\`${group}\``)).toEqual(groupPaths[group]);
    },
  );

  it('The page docs/figures/metadata-paths.md lists every path that is in no group', () => {
    expect(pathsUnder('Only with `--allow-path`')).toEqual(ungroupedPaths);
  });
});

describe('Node credentials', () => {
  it.each([
    { path: 'meta-data/iam', are: true },
    { path: 'meta-data/iam/info', are: true },
    { path: 'meta-data/iam/security-credentials/x', are: true },
    { path: 'meta-data/identity-credentials/ec2/info', are: true },
    { path: 'meta-data/identity-credentials', are: true },
    { path: 'meta-data/iamb', are: false },
    { path: 'meta-data', are: false },
    { path: '', are: false },
  ])('The path "$path" belongs to the node\'s credentials: $are', ({ path, are }) => {
    expect(isNodeCredentials(path)).toBe(are);
  });
});

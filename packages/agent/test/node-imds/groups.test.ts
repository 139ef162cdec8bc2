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
  const page = readFileSync(new URL('../../../../docs/metadata.md', import.meta.url), 'utf8');
  const rowOf = (group: string) => page.split('\n').find((line) => line.startsWith(`| \`${group}\` `)) ?? '';
  const pathsOf = (group: string) =>
    page.split(/\n(?=- |\n)/).find((item) => item.startsWith(`- \`${group}\`:`)) ?? '';

  it.each(metadataGroups.map((group) => ({ group })))(
    'The page docs/metadata.md names every path of $group, and whether the group is open',
    ({ group }) => {
      expect(rowOf(group)).toContain(group === 'placement' ? '| open ' : '| closed ');
      for (const path of groupPaths[group]) expect(pathsOf(group)).toContain(`${lastPart(path)}\``);
    },
  );

  it('The page docs/metadata.md names every path that is in no group', () => {
    for (const path of ungroupedPaths) expect(page).toContain(`${lastPart(path)}\``);
  });
});

/** As the page writes it: the directories that a row names once are left out. */
function lastPart(path: string): string {
  return path.replace(
    /^meta-data\/(?:placement\/|network\/interfaces\/macs\/<mac>\/)?|^dynamic\/(?:instance-identity\/(?!document))?/,
    '',
  );
}

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

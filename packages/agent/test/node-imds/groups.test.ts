import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { metadataGroups } from '@rolegate/protocol';
import { groupPaths, isNodeCredentials, ungroupedPaths } from '../../src/node-imds/groups.ts';

const grouped = Object.values(groupPaths).flat();

describe('the closed lists', () => {
  it('have in placement what says where the node is', () => {
    expect([...groupPaths.placement].sort()).toEqual([
      'meta-data/placement/availability-zone',
      'meta-data/placement/availability-zone-id',
      'meta-data/placement/group-name',
      'meta-data/placement/host-id',
      'meta-data/placement/partition-number',
      'meta-data/placement/region',
    ]);
  });

  it('are there for every group that policies know', () => {
    expect(Object.keys(groupPaths)).toEqual([...metadataGroups]);
  });

  it('name each path once, canonical', () => {
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
  ])('have no $what in a group', ({ pattern, everywhere }) => {
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
    'names every path of $group, and whether it is open',
    ({ group }) => {
      expect(rowOf(group)).toContain(group === 'placement' ? '| open ' : '| closed ');
      for (const path of groupPaths[group]) expect(pathsOf(group)).toContain(`${lastPart(path)}\``);
    },
  );

  it('names every path that is in no group', () => {
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

describe("the node's own credentials", () => {
  it.each([
    { path: 'meta-data/iam', are: true },
    { path: 'meta-data/iam/info', are: true },
    { path: 'meta-data/iam/security-credentials/x', are: true },
    { path: 'meta-data/identity-credentials/ec2/info', are: true },
    { path: 'meta-data/identity-credentials', are: true },
    { path: 'meta-data/iamb', are: false },
    { path: 'meta-data', are: false },
    { path: '', are: false },
  ])('$path: $are', ({ path, are }) => {
    expect(isNodeCredentials(path)).toBe(are);
  });
});

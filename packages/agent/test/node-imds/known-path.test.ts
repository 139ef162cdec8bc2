import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { groupPaths, isNodeCredentials, ungroupedPaths } from '../../src/node-imds/groups.ts';
import { knownPath } from '../../src/node-imds/known-path.ts';

const MAC = '02:29:96:8f:6a:2d';
const MACS = 'meta-data/network/interfaces/macs';
const templates = [...Object.values(groupPaths).flat(), ...ungroupedPaths];

function filled(template: string): string {
  return template.replace('<mac>', MAC).replace('<tag>', 'Name');
}

describe('Known paths', () => {
  it.each(Object.entries(groupPaths).flatMap(([group, paths]) => paths.map((path) => ({ group, path }))))(
    'The path $path is found in the group $group',
    ({ group, path }) => {
      expect(knownPath(filled(path))).toMatchObject({ path: filled(path), kind: 'file', group });
    },
  );

  it('A path that is in no group is found without one', () => {
    for (const path of ungroupedPaths) {
      expect(knownPath(path)).toMatchObject({ path, kind: 'file' });
      expect(knownPath(path)?.group).toBeUndefined();
    }
  });

  it.each([
    { path: '', names: ['dynamic', 'meta-data', 'user-data'] },
    { path: 'dynamic/instance-identity', names: ['document', 'pkcs7', 'rsa2048', 'signature'] },
    { path: 'meta-data/services', names: ['domain', 'partition'] },
    { path: MACS, names: [] },
    { path: 'meta-data/tags/instance', names: [] },
  ])('The directory "$path" is found with its names', ({ path, names }) => {
    const known = knownPath(path);
    expect(known?.kind).toBe('directory');
    expect([...(known?.names ?? [])].sort()).toEqual(names);
  });

  it('A known path says which of its names only the node can confirm', () => {
    expect(knownPath(`${MACS}/${MAC}/vpc-id`)?.chosen).toEqual([{ directory: MACS, name: MAC }]);
    expect(knownPath('meta-data/tags/instance/a=b')?.chosen).toEqual([
      { directory: 'meta-data/tags/instance', name: 'a=b' },
    ]);
    expect(knownPath('meta-data/mac')?.chosen).toEqual([]);
    expect(knownPath(MACS)?.groupsOfChosen).toEqual(new Set(['network']));
  });

  it.each([
    { path: 'meta-data/iam' },
    { path: 'meta-data/iam/info' },
    { path: 'meta-data/iam/security-credentials/role' },
    { path: 'meta-data/identity-credentials/ec2/security-credentials/ec2-instance' },
    { path: 'meta-data/placement/region/' },
    { path: '/meta-data/placement/region' },
    { path: 'meta-data//placement/region' },
    { path: 'meta-data/../user-data' },
    { path: 'meta-data/Placement/region' },
    { path: 'meta-data/placement/region/x' },
    { path: 'meta-data/__proto__' },
    { path: 'constructor' },
    { path: `${MACS}/${MAC.toUpperCase()}/vpc-id` },
    { path: `${MACS}/../vpc-id` },
    { path: `${MACS}/02:29:96:8f:6a:2d:00/vpc-id` },
    { path: `${MACS}/<mac>/vpc-id` },
    { path: 'meta-data/tags/instance/..' },
    { path: 'meta-data/tags/instance/.' },
    { path: 'meta-data/tags/instance/_index' },
    { path: 'meta-data/tags/instance/a b' },
    { path: 'meta-data/tags/instance/a%2f' },
    { path: 'meta-data/tags/instance/a\r\nHost: x' },
    { path: 'meta-data/tags/instance/Name\n' },
    { path: `meta-data/tags/instance/${'x'.repeat(129)}` },
    { path: 'meta-data/tags/instance/a?b' },
    { path: 'meta-data/tags/instance/é' },
  ])('The path $path is not known', ({ path }) => {
    expect(knownPath(path)).toBeUndefined();
  });

  it("A known path is returned unchanged, and is never one of the node's credentials", () => {
    const segment = fc.oneof(
      fc.constantFrom(...new Set(templates.flatMap((path) => filled(path).split('/')))),
      fc.constantFrom('iam', 'identity-credentials', 'security-credentials', '..', '', '%2e'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 7 }), (segments) => {
        const path = segments.join('/');
        const known = knownPath(path);
        expect(known === undefined || known.path === path).toBe(true);
        expect(known !== undefined && isNodeCredentials(known.path)).toBe(false);
        if (known !== undefined) expect(known.path).toMatch(/^[A-Za-z0-9+\-=.,_:@/]*$/);
      }),
      { numRuns: 2000 },
    );
  });
});

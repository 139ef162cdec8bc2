import { describe, expect, it } from 'vitest';
import { imdsTree } from '@rolegate/testing';
import { metadataGroups } from '@rolegate/protocol';
import type { MetadataGroup } from '@rolegate/protocol';
import { parseAllowPaths } from '../../src/node-imds/allow-path.ts';
import { createOtherMetadata } from '../../src/node-imds/other-metadata.ts';
import type { PodRights } from '../../src/node-imds/metadata-rights.ts';
import { memoryImds } from './memory-imds.ts';

const placement: ReadonlySet<MetadataGroup> = new Set<MetadataGroup>(['placement']);
const MAC = '02:29:96:8f:6a:2d';
const MACS = 'meta-data/network/interfaces/macs';
const DOCUMENT = 'dynamic/instance-identity/document';

interface SetupOptions {
  readonly groups?: ReadonlySet<MetadataGroup>;
  readonly allow?: readonly string[];
  readonly tree?: Readonly<Record<string, string>>;
  readonly rights?: Partial<PodRights>;
}

function setup({ groups = placement, allow = [], tree = imdsTree, rights = {} }: SetupOptions = {}) {
  const parsed = parseAllowPaths(allow);
  if ('faults' in parsed) throw new Error(parsed.faults.join('; '));
  const imds = memoryImds(tree);
  const other = createOtherMetadata({
    imds,
    groups,
    allowPath: parsed.allowPath,
    architecture: 'arm64',
  });
  const pod: PodRights = { groups, isNarrowed: false, accountId: '111122223333', hasRole: true, ...rights };
  return {
    imds,
    other,
    readable: (path: string) => other.readable(path, pod),
    read: (path: string) => other.read(path, pod),
  };
}

const all = new Set(metadataGroups);

describe('Groups', () => {
  it.each<{ path: string; group: MetadataGroup; body: string }>([
    { path: 'meta-data/placement/region', group: 'placement', body: 'eu-central-1' },
    { path: 'meta-data/placement/availability-zone-id', group: 'placement', body: 'euc1-az2' },
    { path: 'meta-data/instance-id', group: 'instance', body: 'i-1234567890abcdef0' },
    { path: 'meta-data/services/domain', group: 'instance', body: 'amazonaws.com' },
    { path: 'meta-data/mac', group: 'network', body: MAC },
    { path: `${MACS}/${MAC}/vpc-id`, group: 'network', body: 'vpc-02ef48d8' },
    { path: 'meta-data/tags/instance/Name', group: 'tags', body: 'node-1' },
    { path: 'meta-data/tags/instance/team=owner', group: 'tags', body: 'a' },
  ])('The path $path is served with the group $group and not without it', async ({ path, group, body }) => {
    const opened = setup({ groups: new Set([group]) });
    expect([opened.other.everReadable(path), opened.readable(path), await opened.read(path)]).toEqual([
      true,
      'file',
      body,
    ]);
    const shut = setup({ groups: new Set(metadataGroups.filter((name) => name !== group)) });
    expect([shut.other.everReadable(path), shut.readable(path), await shut.read(path)]).toEqual([
      false,
      undefined,
      undefined,
    ]);
    expect(shut.imds.asked).toEqual([]);
  });

  it('A Pod can narrow the groups of the node, and never widen them', async () => {
    const narrowed = setup({ groups: all, rights: { groups: new Set(['tags']) } });
    expect(await narrowed.read('meta-data/tags/instance/Name')).toBe('node-1');
    expect(await narrowed.read('meta-data/instance-id')).toBeUndefined();
    expect(narrowed.other.everReadable('meta-data/instance-id')).toBe(true);
    const greedy = setup({ rights: { groups: new Set([...all, 'everything']) } });
    expect(await greedy.read('meta-data/instance-id')).toBeUndefined();
  });

  it.each([
    { path: 'user-data' },
    { path: 'dynamic/instance-identity/signature' },
    { path: 'dynamic/instance-identity/pkcs7' },
    { path: 'dynamic/instance-identity/rsa2048' },
    { path: 'meta-data/public-keys/0/openssh-key' },
    { path: 'meta-data/public-keys' },
    { path: 'meta-data/iam/security-credentials/SENTINEL-NODE-ROLE' },
    { path: 'meta-data/iam/info' },
    { path: 'meta-data/identity-credentials/ec2/security-credentials/ec2-instance' },
    { path: 'meta-data/profile' },
    { path: 'meta-data/placement/region/x' },
    { path: 'x' },
  ])('All groups together do not open $path', async ({ path }) => {
    const { imds, other, readable, read } = setup({ groups: all });
    expect([other.everReadable(path), readable(path), await read(path)]).toEqual([
      false,
      undefined,
      undefined,
    ]);
    expect(imds.asked).toEqual([]);
  });

  it('The node is not asked for names that it does not list', async () => {
    const { imds, read } = setup({ groups: all });
    expect(await read('meta-data/tags/instance/made-up')).toBeUndefined();
    expect(await read(`${MACS}/02:00:00:00:00:00/vpc-id`)).toBeUndefined();
    expect(imds.asked).toEqual(['meta-data/tags/instance', MACS]);
  });

  it('A file of an open group has no answer if the node does not have it', async () => {
    const { readable, read } = setup();
    expect(readable('meta-data/placement/host-id')).toBe('file');
    expect(await read('meta-data/placement/host-id')).toBeUndefined();
  });
});

describe('Directories', () => {
  it.each<{ path: string; options: SetupOptions; lines: string[] }>([
    { path: '', options: {}, lines: ['dynamic/', 'meta-data/'] },
    { path: 'dynamic', options: {}, lines: ['instance-identity/'] },
    { path: 'dynamic/instance-identity', options: {}, lines: ['document'] },
    { path: 'meta-data', options: {}, lines: ['iam/', 'placement/'] },
    { path: 'meta-data', options: { rights: { hasRole: false } }, lines: ['placement/'] },
    { path: 'meta-data', options: { groups: new Set() }, lines: ['iam/'] },
    { path: 'meta-data', options: { groups: new Set(['tags']) }, lines: ['iam/', 'tags/'] },
    {
      path: 'meta-data/placement',
      options: {},
      lines: ['availability-zone', 'availability-zone-id', 'region'],
    },
    { path: MACS, options: { groups: all }, lines: [`${MAC}/`] },
    { path: 'meta-data/network', options: { groups: all }, lines: ['interfaces/'] },
    { path: 'meta-data/tags/instance', options: { groups: all }, lines: ['Name', 'team=owner'] },
    { path: '', options: { allow: ['/latest/user-data'] }, lines: ['dynamic/', 'meta-data/', 'user-data'] },
    {
      path: 'dynamic/instance-identity',
      options: { allow: ['/latest/dynamic/instance-identity/pkcs7'] },
      lines: ['document', 'pkcs7'],
    },
    {
      path: 'meta-data/public-keys',
      options: { allow: ['/latest/meta-data/public-keys/.*'] },
      lines: ['0/'],
    },
    { path: 'meta-data/public-keys/0', options: { allow: ['.*'] }, lines: ['openssh-key'] },
  ])('The directory "$path" lists $lines', async ({ path, options, lines }) => {
    const { readable, read } = setup(options);
    expect(readable(path)).toBe('directory');
    expect(await read(path)).toBe(lines.join('\n'));
  });

  it('A directory has no answer for a Pod that may read nothing in it', async () => {
    const { readable, read } = setup({ groups: new Set(), rights: { hasRole: false } });
    expect([readable('meta-data'), await read('meta-data')]).toEqual([undefined, undefined]);
    expect(await read('')).toBe('dynamic/');
    expect(readable('meta-data/tags')).toBeUndefined();
  });

  it('A directory has no answer if the node has nothing in it', async () => {
    const tree = { 'meta-data/placement/region': 'eu-central-1' };
    const { readable, read } = setup({ groups: all, tree });
    expect(readable('meta-data/tags/instance')).toBe('directory');
    expect(await read('meta-data/tags/instance')).toBeUndefined();
    expect(await read('meta-data')).toBe('iam/\nplacement/');
  });

  it('Directories that are always there are listed without asking the node', async () => {
    const { imds, read } = setup({ groups: new Set() });
    expect([await read(''), await read('dynamic'), await read('meta-data')]).toEqual([
      'dynamic/\nmeta-data/',
      'instance-identity/',
      'iam/',
    ]);
    expect(imds.asked).toEqual([]);
  });
});

describe('Identity document', () => {
  it('The identity document is the reduced one, even for a Pod that may read nothing else', async () => {
    for (const groups of [placement, new Set<MetadataGroup>()]) {
      const { readable, read } = setup({ groups });
      expect(readable(DOCUMENT)).toBe('file');
      expect(JSON.parse((await read(DOCUMENT)) ?? '')).toEqual({
        accountId: '111122223333',
        architecture: 'arm64',
        availabilityZone: 'eu-central-1a',
        region: 'eu-central-1',
        version: '2017-09-30',
      });
    }
  });

  it('The identity document has no account for a Pod without a role', async () => {
    const { read } = setup({ rights: { accountId: '', hasRole: false } });
    expect(await read(DOCUMENT)).not.toMatch(/account/i);
  });

  it.each<{ what: string; options: SetupOptions; own: boolean }>([
    { what: 'its group', options: { groups: all }, own: true },
    { what: '--allow-path', options: { allow: ['.*'] }, own: true },
    {
      what: 'its group, for another Pod',
      options: { groups: all, rights: { groups: placement } },
      own: false,
    },
    {
      what: '--allow-path, for a Pod whose list does not name its group',
      options: { allow: ['.*'], rights: { isNarrowed: true } },
      own: false,
    },
    {
      what: 'its group, for a Pod whose list names it',
      options: { groups: all, rights: { isNarrowed: true } },
      own: true,
    },
    { what: 'only the annotation of the Pod', options: { rights: { groups: all } }, own: false },
  ])("The identity document is the node's own by $what: $own", async ({ options, own }) => {
    const document = await setup(options).read(DOCUMENT);
    expect(document?.includes('i-1234567890abcdef0')).toBe(own);
  });

  it('The identity document has no answer if the node names no region', async () => {
    expect(await setup({ tree: {} }).read(DOCUMENT)).toBeUndefined();
  });
});

describe('--allow-path', () => {
  it.each([
    { path: 'user-data', allow: '/latest/user-data', body: 'SENTINEL-USER-DATA' },
    { path: 'dynamic/instance-identity/rsa2048', allow: '/latest/dynamic/.*', body: 'SENTINEL-RSA2048' },
    { path: 'meta-data/public-keys/0/openssh-key', allow: '.*', body: 'SENTINEL-SSH-KEY' },
    { path: 'meta-data/instance-id', allow: '/latest/meta-data/instance-id', body: 'i-1234567890abcdef0' },
    { path: 'meta-data/tags/instance/Name', allow: '/latest/meta-data/tags/.*', body: 'node-1' },
  ])('The expression $allow opens $path', async ({ path, allow, body }) => {
    const { other, read } = setup({ allow: [allow] });
    expect(other.everReadable(path)).toBe(true);
    expect(await read(path)).toContain(body);
  });

  it('An expression opens only paths that it matches in whole', async () => {
    const { read } = setup({ allow: ['/latest/user'] });
    expect(await read('user-data')).toBeUndefined();
  });

  it('No expression opens a path that is in no list', async () => {
    const { imds, read } = setup({ allow: ['.*'] });
    expect(await read('meta-data/profile')).toBeUndefined();
    expect(imds.asked).toEqual([]);
  });

  it.each([{ groups: placement }, { groups: all }])(
    'An expression opens nothing to a Pod with a list of groups, even a list of all groups: $groups',
    async ({ groups }) => {
      const { readable, read } = setup({
        groups: all,
        allow: ['.*'],
        rights: { groups, isNarrowed: true },
      });
      expect([readable('user-data'), await read('user-data')]).toEqual([undefined, undefined]);
      expect(await read('')).toBe('dynamic/\nmeta-data/');
      expect(await read('meta-data/placement/region')).toBe('eu-central-1');
    },
  );
});

describe('Unavailable IMDS', () => {
  it("Reads fail if the node's IMDS is unavailable, except those that need no answer from it", async () => {
    const { imds, read } = setup();
    imds.goAway();
    for (const path of ['meta-data/placement/region', DOCUMENT, 'meta-data', 'meta-data/placement']) {
      await expect(read(path)).rejects.toThrow('away');
    }
    expect(await read('')).toBe('dynamic/\nmeta-data/');
    expect(await read('user-data')).toBeUndefined();
  });
});

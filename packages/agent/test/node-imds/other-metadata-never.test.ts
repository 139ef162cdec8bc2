import { afterEach, describe, expect, it } from 'vitest';
import { silentLog } from '@rolegate/runtime';
import { SENTINELS, createFakeClock, imdsTree, startImds } from '@rolegate/testing';
import type { FakeImds } from '@rolegate/testing';
import fc from 'fast-check';
import { metadataGroups } from '@rolegate/protocol';
import type { MetadataGroup } from '@rolegate/protocol';
import { parseAllowPaths } from '../../src/node-imds/allow-path.ts';
import { createNodeImds } from '../../src/node-imds/node-imds.ts';
import { createOtherMetadata } from '../../src/node-imds/other-metadata.ts';
import type { OtherMetadata } from '../../src/node-imds/other-metadata.ts';
import type { Decision } from '../../src/feed/table/known-pod.ts';
import type { PodRights } from '../../src/node-imds/metadata-rights.ts';
import { rightsOf } from '../../src/node-imds/metadata-rights.ts';
import { memoryImds } from './memory-imds.ts';
import { allow as allowed, podOf } from '../metadata/served.ts';

/** Every file and directory of the node, the forbidden ones first. */
const paths = [
  ...new Set(
    Object.keys(imdsTree).flatMap((file) => {
      const segments = file.split('/');
      return segments.map((_, index) => segments.slice(0, index + 1).join('/'));
    }),
  ),
  '',
];
const groupSets = fc.subarray([...metadataGroups]).map((names) => new Set<MetadataGroup>(names));
const expressions = fc.array(
  fc.oneof(
    fc.constantFrom(
      '.*',
      '(?s).*',
      '/latest/.*',
      '/latest/meta-data/iam/.*',
      '/latest/meta-data/[a-z-]+',
      '.*s.*|x',
    ),
    fc.constantFrom(...paths).map((path) => `/latest/${path}`),
  ),
  { maxLength: 3 },
);
const asked = fc.oneof(
  fc.constantFrom(...paths),
  fc
    .array(
      fc.constantFrom(...new Set(paths.flatMap((path) => path.split('/'))), '..', '.', '', '%2e', 'a\nb'),
      {
        maxLength: 7,
      },
    )
    .map((segments) => segments.join('/')),
  fc.string(),
);
const podRights = fc.record({
  groups: groupSets,
  isNarrowed: fc.boolean(),
  accountId: fc.constantFrom('', '111122223333'),
  hasRole: fc.boolean(),
});

function setup(groups: ReadonlySet<MetadataGroup>, allow: readonly string[]): OtherMetadata {
  const parsed = parseAllowPaths(allow);
  if ('faults' in parsed) throw new Error(parsed.faults.join('; '));
  return createOtherMetadata({
    imds: memoryImds(imdsTree),
    groups,
    allowPath: parsed.allowPath,
    architecture: 'x86_64',
  });
}

const denied: Decision = { kind: 'deny', reason: 'NoRole', message: '' };

let fake: FakeImds | undefined;

afterEach(async () => {
  await fake?.close();
});

describe('Any path, groups and --allow-path', () => {
  it('No answer contains credentials or a role of the node', async () => {
    await fc.assert(
      fc.asyncProperty(groupSets, expressions, podRights, asked, async (groups, allow, rights, path) => {
        const answer = (await setup(groups, allow).read(path, rights)) ?? '';
        for (const sentinel of SENTINELS.never) expect(answer).not.toContain(sentinel);
      }),
      { numRuns: 1000 },
    );
  });

  it('No answer contains anything sensitive without an expression that allows it', async () => {
    await fc.assert(
      fc.asyncProperty(groupSets, podRights, asked, async (groups, rights, path) => {
        const answer = (await setup(groups, []).read(path, rights)) ?? '';
        for (const sentinel of SENTINELS.unlessAllowed) expect(answer).not.toContain(sentinel);
      }),
      { numRuns: 500 },
    );
  });

  it('A Pod with a list of groups gets nothing through --allow-path, and nothing sensitive', async () => {
    const lists = fc.subarray([...metadataGroups]).map((names) => new Set<string>(names));
    await fc.assert(
      fc.asyncProperty(
        groupSets,
        expressions,
        podRights,
        lists,
        asked,
        async (groups, allow, pod, only, path) => {
          const decision = pod.hasRole ? allowed : denied;
          const rights = rightsOf(podOf({ decision, metadata: { denied: false, only } }), groups);
          const withExpressions = await setup(groups, allow).read(path, rights);
          expect(withExpressions).toBe(await setup(groups, []).read(path, rights));
          for (const sentinel of SENTINELS.unlessAllowed)
            expect(withExpressions ?? '').not.toContain(sentinel);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('A listing names only what the Pod may read, with a slash for each directory', async () => {
    await fc.assert(
      fc.asyncProperty(groupSets, expressions, podRights, asked, async (groups, allow, rights, path) => {
        const other = setup(groups, allow);
        if (other.readable(path, rights) !== 'directory') return;
        const lines = ((await other.read(path, rights)) ?? '').split('\n').filter((line) => line !== '');
        for (const line of lines) expect(named(other, path, line, rights)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('A path that one Pod may read counts as ever readable, and one that it may not read has no answer', async () => {
    await fc.assert(
      fc.asyncProperty(groupSets, expressions, podRights, asked, async (groups, allow, rights, path) => {
        const other = setup(groups, allow);
        const readable = other.readable(path, rights) !== undefined;
        if (readable) expect(other.everReadable(path)).toBe(true);
        else expect(await other.read(path, rights)).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });
});

describe('Everything open', () => {
  it('Reading every path of a node with everything open asks the node for none of its credentials', async () => {
    fake = await startImds();
    const imds = createNodeImds({ endpoint: fake.url, clock: createFakeClock(), log: silentLog });
    const groups = new Set(metadataGroups);
    const parsed = parseAllowPaths(['.*']);
    if ('faults' in parsed) throw new Error(parsed.faults.join('; '));
    const other = createOtherMetadata({
      imds,
      groups,
      allowPath: parsed.allowPath,
      architecture: 'x86_64',
    });
    const rights: PodRights = { groups, isNarrowed: false, accountId: '', hasRole: true };
    const answers: string[] = [];
    for (const path of paths) answers.push((await other.read(path, rights)) ?? '');
    imds.close();
    const whole = answers.join('\n');
    for (const sentinel of SENTINELS.never) expect(whole).not.toContain(sentinel);
    for (const sentinel of SENTINELS.unlessAllowed) expect(whole).toContain(sentinel);
    const targets = fake.requests.map(({ target }) => target);
    expect(targets.filter((target) => /iam|identity-credentials/.test(target))).toEqual([]);
    expect(fake.requests.filter(({ status }) => status !== 200)).toEqual([]);
  });
});

function named(other: OtherMetadata, directory: string, line: string, rights: PodRights): boolean {
  // The Pod's own role directory is served elsewhere.
  if (directory === 'meta-data' && line === 'iam/') return rights.hasRole;
  const child = [directory, line.replace(/\/$/, '')].filter((part) => part !== '').join('/');
  return other.readable(child, rights) === (line.endsWith('/') ? 'directory' : 'file');
}

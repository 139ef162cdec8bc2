import { afterEach, describe, expect, it } from '@jest/globals';
import { silentLog } from '@rolegate/runtime';
import { SENTINELS, createFakeClock, imdsTree, startImds } from '@rolegate/testing';
import type { FakeImds } from '@rolegate/testing';
import fc from 'fast-check';
import { parseAllowPaths } from '../../src/node-imds/allow-path.ts';
import { groupNames } from '../../src/node-imds/groups.ts';
import type { Group } from '../../src/node-imds/groups.ts';
import { createNodeImds } from '../../src/node-imds/node-imds.ts';
import { createOtherMetadata } from '../../src/node-imds/other-metadata-reader.ts';
import type { Decision } from '../../src/feed/known-pod.ts';
import type { OtherMetadata, Reader } from '../../src/node-imds/other-metadata.ts';
import { readerFor } from '../../src/node-imds/metadata-rights.ts';
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
const groupSets = fc.subarray([...groupNames]).map((names) => new Set<Group>(names));
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
const readers = fc.record({
  groups: groupSets,
  isNarrowed: fc.boolean(),
  accountId: fc.constantFrom('', '111122223333'),
  hasRole: fc.boolean(),
});

function setup(groups: ReadonlySet<Group>, allow: readonly string[]): OtherMetadata {
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

describe('whatever the path, the groups and --allow-path', () => {
  it('no credentials and no role of the node come out', async () => {
    await fc.assert(
      fc.asyncProperty(groupSets, expressions, readers, asked, async (groups, allow, reader, path) => {
        const answer = (await setup(groups, allow).read(path, reader)) ?? '';
        for (const sentinel of SENTINELS.never) expect(answer).not.toContain(sentinel);
      }),
      { numRuns: 1000 },
    );
  });

  it('nothing sensitive comes out that no expression allows', async () => {
    await fc.assert(
      fc.asyncProperty(groupSets, readers, asked, async (groups, reader, path) => {
        const answer = (await setup(groups, []).read(path, reader)) ?? '';
        for (const sentinel of SENTINELS.unlessAllowed) expect(answer).not.toContain(sentinel);
      }),
      { numRuns: 500 },
    );
  });

  it('what a list of groups leaves open comes from these groups alone, the reduced document apart', async () => {
    const lists = fc.subarray([...groupNames]).map((names) => new Set<string>(names));
    await fc.assert(
      fc.asyncProperty(
        groupSets,
        expressions,
        readers,
        lists,
        asked,
        async (groups, allow, pod, only, path) => {
          const decision = pod.hasRole ? allowed : denied;
          const reader = readerFor(podOf({ decision, metadata: { denied: false, only } }), groups);
          const withExpressions = await setup(groups, allow).read(path, reader);
          expect(withExpressions).toBe(await setup(groups, []).read(path, reader));
          for (const sentinel of SENTINELS.unlessAllowed)
            expect(withExpressions ?? '').not.toContain(sentinel);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('a listing names only what the Pod may read, with a slash where it is a directory', async () => {
    await fc.assert(
      fc.asyncProperty(groupSets, expressions, readers, asked, async (groups, allow, reader, path) => {
        const other = setup(groups, allow);
        if (other.readable(path, reader) !== 'directory') return;
        const lines = ((await other.read(path, reader)) ?? '').split('\n').filter((line) => line !== '');
        for (const line of lines) expect(named(other, path, line, reader)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('what one Pod can read, some Pod can; what cannot be read has no answer', async () => {
    await fc.assert(
      fc.asyncProperty(groupSets, expressions, readers, asked, async (groups, allow, reader, path) => {
        const other = setup(groups, allow);
        const readable = other.readable(path, reader) !== undefined;
        if (readable) expect(other.everReadable(path)).toBe(true);
        else expect(await other.read(path, reader)).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });
});

describe('with everything open', () => {
  it('reading every path of the node over the network asks for none of its credentials', async () => {
    fake = await startImds();
    const imds = createNodeImds({ endpoint: fake.url, clock: createFakeClock(), log: silentLog });
    const groups = new Set(groupNames);
    const parsed = parseAllowPaths(['.*']);
    if ('faults' in parsed) throw new Error(parsed.faults.join('; '));
    const other = createOtherMetadata({
      imds,
      groups,
      allowPath: parsed.allowPath,
      architecture: 'x86_64',
    });
    const reader: Reader = { groups, isNarrowed: false, accountId: '', hasRole: true };
    const answers: string[] = [];
    for (const path of paths) answers.push((await other.read(path, reader)) ?? '');
    imds.close();
    const whole = answers.join('\n');
    for (const sentinel of SENTINELS.never) expect(whole).not.toContain(sentinel);
    for (const sentinel of SENTINELS.unlessAllowed) expect(whole).toContain(sentinel);
    const targets = fake.requests.map(({ target }) => target);
    expect(targets.filter((target) => /iam|identity-credentials/.test(target))).toEqual([]);
    expect(fake.requests.filter(({ status }) => status !== 200)).toEqual([]);
  });
});

function named(other: OtherMetadata, directory: string, line: string, reader: Reader): boolean {
  // The Pod's own role directory is served elsewhere.
  if (directory === 'meta-data' && line === 'iam/') return reader.hasRole;
  const child = [directory, line.replace(/\/$/, '')].filter((part) => part !== '').join('/');
  return other.readable(child, reader) === (line.endsWith('/') ? 'directory' : 'file');
}

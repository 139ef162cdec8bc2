import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { annotationKeys } from '../../src/annotations/annotations.ts';
import type { Kind } from '../../src/kubernetes/objects/shapes.ts';
import { limitBytesOf } from '../../src/annotations/annotations.ts';
import { startFatApi } from './fat-api.ts';
import type { FatApiOptions, FatObject } from './fat-api.ts';

const MAIN = fileURLToPath(new URL('fat-cluster-main.ts', import.meta.url));

/** The heap size of Node 24 in the chart's container of 512 MiB, with the image's flags. */
const NODE = [
  '--max-old-space-size=259',
  '--disable-sigusr1',
  '--max-semi-space-size=4',
  '--conditions=development',
];

/** etcd takes 1.5 MB of an object. ROLEGATE_FAT=1 sends 10,000 of these of each kind, twice: 112 GB. */
const IS_FULL = process.env['ROLEGATE_FAT'] === '1';
const COUNT = IS_FULL ? 10_000 : 150;
const SIZE = 1_400_000;

const RESOURCES: Readonly<Record<Kind, string>> = {
  Pod: 'pods',
  Namespace: 'namespaces',
  ServiceAccount: 'serviceaccounts',
  Node: 'nodes',
};

interface Outcome {
  readonly objects: number;
  readonly growthMb: number;
  readonly peakMb: number;
  readonly tookMs: number;
  readonly longestHoldMs: number;
  readonly counted: Readonly<Record<string, number>>;
}

async function follow(options: FatApiOptions): Promise<Outcome> {
  await using small = await startFatApi({
    ...options,
    count: 100,
    objectAt: (index) => objectOf(index, {}, 1000),
    expires: 0,
  });
  await using large = await startFatApi(options);
  const lists = (options.expires ?? 0) + 1;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...NODE, MAIN, small.url, large.url, `${lists}`],
    {
      timeout: IS_FULL ? 900_000 : 55_000,
    },
  );
  if (IS_FULL) process.stderr.write(`${options.resource}: ${stdout}\n`);
  return JSON.parse(stdout) as Outcome;
}

function objectOf(
  index: number,
  annotations: Readonly<Record<string, string>>,
  filler: number,
  resourceVersion = index + 1,
): FatObject {
  const metadata = {
    name: `object-${index}`,
    namespace: `space-${index % 1000}`,
    uid: `uid-${index}`,
    resourceVersion: `${resourceVersion}`,
    annotations,
  };
  const start = JSON.stringify({ metadata }).slice(0, -1);
  return { start: `${start},"status":{"message":"`, filler, end: '"}}' };
}

/** Every annotation of the kind that is read, and one that is not, far beyond their limits. */
function tooLong(kind: Kind) {
  const keys = [...annotationKeys[kind], 'example.com/foreign'];
  const each = '<'.repeat(Math.floor(250_000 / keys.length));
  return (index: number) => {
    const annotations = Object.fromEntries(keys.map((key) => [key, `${index} ${each}`]));
    return objectOf(index, annotations, SIZE - 250_000);
  };
}

/** Every annotation that is read is at its limit and unique. */
function atTheirLimits(kind: Kind) {
  return (index: number, list: number) => {
    const annotations = Object.fromEntries(
      annotationKeys[kind].map((key) => [key, `${list} ${index} ${key} `.padEnd(limitBytesOf(key), 'x')]),
    );
    return objectOf(index, annotations, 0, index + 1 + list * 100_000);
  };
}

const cases = (['Pod', 'Namespace', 'ServiceAccount', 'Node'] as const).flatMap((kind, at) =>
  [true, false].map((streaming) => ({ kind, streaming, isShort: streaming === (at % 2 === 0) })),
);

describe('Server of the chart', () => {
  it.each(cases.filter(({ isShort }) => IS_FULL || isShort))(
    'The server reads objects of kind $kind of the largest size within 48 MB (streaming list: $streaming)',
    async ({ kind, streaming }) => {
      const options = { resource: RESOURCES[kind], count: COUNT, objectAt: tooLong(kind), streaming };
      const { objects, growthMb, peakMb, counted } = await follow(options);
      expect(objects).toBe(COUNT);
      // Of ten thousand objects, what is kept of each counts as well.
      if (IS_FULL) expect(peakMb).toBeLessThan(400);
      else expect(growthMb).toBeLessThan(48);
      expect(counted['annotation_bytes'] ?? 0).toBeGreaterThanOrEqual(kind === 'Node' ? 0 : COUNT);
    },
    IS_FULL ? 900_000 : 60_000,
  );

  it.each([
    { kind: 'Pod', count: 8_000 },
    { kind: 'Namespace', count: 1_000 },
  ] as const)(
    'The server stays below 400 MB with annotations of kind $kind at their limits, and counts those without room',
    async ({ kind, count }) => {
      const options = { resource: RESOURCES[kind], count, objectAt: atTheirLimits(kind), streaming: true };
      const { objects, peakMb, counted } = await follow({ ...options, expires: 1 });
      expect([objects, peakMb < 400 || peakMb]).toEqual([count, true]);
      expect(counted['text_bytes']).toBeGreaterThan(0);
    },
  );
});

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chartNames, helm, minimalValues, render, root } from '../../charts/test/rendering.ts';
import type { ChartName } from '../../charts/test/rendering.ts';
import { packageChart } from '../release/charts.ts';
import { run } from '../release/run.ts';

const digest = `sha256:${'ab'.repeat(32)}`;
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rolegate-charts-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('Charts of a release', () => {
  it.each(chartNames)('Two archives of the chart %s are identical', async (chart) => {
    const [one, two] = [await packaged(chart, 'one'), await packaged(chart, 'two')];
    expect(readFileSync(one).equals(readFileSync(two))).toBe(true);
  });

  it('An archive contains no tests of the chart', async () => {
    const names = await run(['tar', '-tzf', await packaged('agent', 'one')]);
    expect(names).toContain('rolegate-agent/values.schema.json');
    expect(names).not.toMatch(/golden|ci\//);
  });
});

describe.skipIf(helm === undefined)('Images of a released chart (need helm)', () => {
  it.each(chartNames)('The chart %s runs the image of its release by digest', async (chart) => {
    expect(await imagesOf(chart, {})).toEqual([`registry.example/a/rolegate-${chart}@${digest}`]);
  });

  it.each(chartNames)(
    'A tag or a digest in the values of the chart %s replaces the released image',
    async (chart) => {
      const repository = `registry.example/a/rolegate-${chart}`;
      expect(await imagesOf(chart, { tag: '1.2.3' })).toEqual([`${repository}:1.2.3`]);
      const other = `sha256:${'cd'.repeat(32)}`;
      expect(await imagesOf(chart, { tag: '1.2.3', digest: other })).toEqual([`${repository}@${other}`]);
    },
  );

  it.each(chartNames)('A mirror of the chart %s only changes the repository', async (chart) => {
    expect(await imagesOf(chart, { repository: 'mirror.example/r' })).toEqual([`mirror.example/r@${digest}`]);
  });

  it.each(chartNames)(
    '--reuse-values does not keep the digest of the previous release of the chart %s',
    async (chart) => {
      // The values that helm stores contain all defaults of the chart.
      const values = await run([String(helm), 'show', 'values', await packaged(chart, 'one')]);
      expect(values).not.toContain(digest);
    },
  );
});

async function imagesOf(chart: ChartName, image: object): Promise<string[]> {
  const from = await packaged(chart, 'one');
  const { stdout } = render({ chart, from, files: [minimalValues(chart)], values: { image } });
  return [...new Set([...stdout.matchAll(/^ *(?:- )?image: (.*)$/gm)].map(([, name = '']) => name))];
}

function packaged(program: ChartName, name: string): Promise<string> {
  const recipe = {
    root,
    program,
    version: '9.8.7',
    registry: 'registry.example/a',
    digest,
    timestamp: 1_700_000_000,
  };
  return packageChart(recipe, join(folder, name), join(folder, `${name}-work`));
}

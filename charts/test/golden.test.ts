import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { objectsOf, templateLabelsOf } from './objects.ts';
import { lint, rendered, valueSets } from './rendering.ts';
import { withHelm } from './with-helm.ts';

const cases = valueSets().map((set) => ({ ...set, title: `${set.chart} with ci/${set.name}-values.yaml` }));

withHelm('Golden renderings (need helm)', () => {
  it.each(cases)('The chart $title renders its golden file', ({ chart, valuesFile, goldenFile }) => {
    // If the change is intended, run npm run generate and review the diff.
    expect(rendered({ chart, files: [valuesFile] })).toBe(readFileSync(goldenFile, 'utf8'));
  });

  it.each(cases)('The chart $title passes helm lint --strict', (set) => {
    const { code, stdout, stderr } = lint(set);
    expect({ code, said: code === 0 ? '' : `${stdout}${stderr}` }).toEqual({ code: 0, said: '' });
  });
});

describe('Golden renderings', () => {
  it.each(['server', 'agent'])(
    'The chart %s has at least six golden renderings, including a minimal one',
    (chart) => {
      const names = cases.filter((set) => set.chart === chart).map(({ name }) => name);
      expect(names).toContain('minimal');
      expect(names.length).toBeGreaterThanOrEqual(6);
    },
  );

  it.each(cases)('The chart $title has a golden rendering', ({ goldenFile }) => {
    expect(existsSync(goldenFile)).toBe(true);
  });

  it.each(cases)('A new chart version alone restarts no Pod of $title', ({ goldenFile }) => {
    const labels = objectsOf(readFileSync(goldenFile, 'utf8')).map(templateLabelsOf);
    const given = labels.filter((one) => one !== undefined).map((one) => Object.keys(one));
    expect(given).not.toHaveLength(0);
    expect(given.flat()).not.toContain('helm.sh/chart');
    expect(given.flat()).not.toContain('app.kubernetes.io/version');
  });
});

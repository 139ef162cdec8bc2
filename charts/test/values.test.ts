import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Ajv } from 'ajv';
import {
  defaultsOf,
  isBranch,
  merge,
  ownKeys,
  placesOf,
  readmeDefaults,
  readValues,
  schemaOf,
} from './chart-values.ts';
import type { Json } from './objects.ts';
import { chartNames, minimalValues, valueSets } from './rendering.ts';
import type { ChartName } from './rendering.ts';
import { readmeOf, schemaFileOf, withDescriptions, withValuesTable } from './values-doc.ts';

const UNKNOWN = 'notAValueOfThisChart';

describe.each(chartNames)('Values of the chart %s', (chart) => {
  it('The values have the same keys in values.yaml and in values.schema.json', () => {
    for (const { path, value, schema } of places(chart).filter(isBranch)) {
      const keys = Object.keys(value as Json).sort();
      expect({ path, keys }).toEqual({ path, keys: ownKeys(schema ?? {}).sort() });
    }
  });

  it('The table of the README lists every value with its default and no unknown value', () => {
    const rows = readmeDefaults(chart);
    const known = new Map(places(chart).map(({ path, value }) => [path, value]));
    expect([...rows.keys()].filter((path) => !known.has(path))).toEqual([]);
    for (const [path, shown] of rows)
      expect({ path, default: shown }).toEqual({ path, default: known.get(path) });
    const leaves = places(chart).filter((place) => !isBranch(place));
    const missing = leaves.filter(({ path }) => !ancestors(path).some((one) => rows.has(one)));
    expect(missing.map(({ path }) => path)).toEqual([]);
  });

  it('The table of the README has the comments of values.yaml (npm run generate writes it)', () => {
    const readme = readFileSync(readmeOf(chart), 'utf8');
    expect(readme).toBe(withValuesTable(chart, readme));
  });

  it('The schema has the comments of values.yaml as descriptions (npm run generate writes them)', () => {
    const schema = readFileSync(schemaFileOf(chart), 'utf8');
    expect(schema).toBe(withDescriptions(chart, schema));
  });

  it.each(setsOf(chart))('The schema accepts the values of ci/$name-values.yaml', ({ valuesFile }) => {
    expect(faultsOf(chart, merge(defaultsOf(chart), readValues(valuesFile)))).toEqual([]);
  });

  it('The schema rejects unknown values at every level', () => {
    const base = merge(defaultsOf(chart), readValues(minimalValues(chart)));
    for (const { path } of places(chart).filter(isBranch)) {
      const keys = path === '' ? [] : path.split('.');
      const wrong = keys.reduceRight<Json>((inner, key) => ({ [key]: inner }), { [UNKNOWN]: 1 });
      expect({ path, refused: faultsOf(chart, merge(base, wrong)).join() }).toEqual({
        path,
        refused: expect.stringContaining(UNKNOWN),
      });
    }
  });
});

function places(chart: ChartName) {
  return placesOf(defaultsOf(chart), schemaOf(chart));
}

function setsOf(chart: ChartName) {
  return valueSets().filter((set) => set.chart === chart);
}

/** For `a.b.c`: a.b.c, a.b and a. */
function ancestors(path: string): string[] {
  const keys = path.split('.');
  return keys.map((_, index) => keys.slice(0, keys.length - index).join('.'));
}

function faultsOf(chart: ChartName, values: Json): string[] {
  const ajv = new Ajv({ strict: false, allErrors: true });
  const check = ajv.compile(schemaOf(chart));
  if (check(values)) return [];
  return (check.errors ?? []).map(
    ({ instancePath, message = '', params }) => `${instancePath}: ${message} ${JSON.stringify(params)}`,
  );
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Json } from './objects.ts';
import { chartFolder } from './rendering.ts';
import type { ChartName } from './rendering.ts';

export interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  /** A value of kiam's or kube2iam's chart that the templates map or reject. */
  readonly deprecated?: boolean;
}

/** Helm adds it if the chart is a dependency. */
const OF_HELM = ['global'];

const isMap = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const readValues = (file: string): Json => (parse(readFileSync(file, 'utf8')) ?? {}) as Json;

export const defaultsOf = (chart: ChartName): Json => readValues(join(chartFolder(chart), 'values.yaml'));

export function schemaOf(chart: ChartName): Schema {
  return JSON.parse(readFileSync(join(chartFolder(chart), 'values.schema.json'), 'utf8')) as Schema;
}

/** Like Helm: merges maps and replaces everything else. */
export function merge(base: Json, over: Json): Json {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key];
    merged[key] = isMap(before) && isMap(value) ? merge(before, value) : value;
  }
  return merged;
}

/** The keys of a schema without those of Helm and of former charts. */
export function ownKeys({ properties = {} }: Schema): string[] {
  return Object.keys(properties).filter(
    (key) => properties[key]?.deprecated !== true && !OF_HELM.includes(key),
  );
}

export interface Place {
  /** Dotted; '' for the root. */
  readonly path: string;
  readonly value: unknown;
  readonly schema: Schema | undefined;
}

/** Every place in values and schema, parents first. An empty map is a leaf. */
export function placesOf(value: unknown, schema: Schema | undefined, path = ''): Place[] {
  const here = { path, value, schema };
  if (!isBranch(here)) return [here];
  const below = Object.entries(value as Json).flatMap(([key, child]) =>
    placesOf(child, schema?.properties?.[key], path === '' ? key : `${path}.${key}`),
  );
  return [here, ...below];
}

/** False for a map whose keys the operator chooses, such as labels. */
export function isBranch({ value, schema }: Place): boolean {
  return isMap(value) && Object.keys(value).length > 0 && schema?.properties !== undefined;
}

/** The README's table of values: dotted paths and defaults. */
export function readmeDefaults(chart: ChartName): Map<string, unknown> {
  const text = readFileSync(join(chartFolder(chart), 'README.md'), 'utf8');
  const [, table] = /<!-- values -->([^]*?)<!-- \/values -->/.exec(text) ?? [];
  if (table === undefined)
    throw new Error(`charts/${chart}/README.md has no <!-- values --> … <!-- /values -->`);
  const rows = table.split('\n').flatMap((line) => {
    const [, path, shown] = /^\|\s*`([^`]+)`\s*\|\s*(.*?)\s*(?<!\\)\|/.exec(line) ?? [];
    return path === undefined
      ? []
      : [[path, parse((shown ?? '').replace(/^`+\s?|\s?`+$/g, '')) as unknown] as const];
  });
  if (new Set(rows.map(([path]) => path)).size < rows.length) throw new Error('a value has two rows');
  return new Map(rows);
}

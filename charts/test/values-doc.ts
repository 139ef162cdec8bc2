import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isNode, isScalar, parseDocument } from 'yaml';
import type { Pair, YAMLMap } from 'yaml';
import type { Schema } from './chart-values.ts';
import { chartFolder } from './rendering.ts';
import type { ChartName } from './rendering.ts';

/** A value with a comment in values.yaml. */
interface Row {
  /** Dotted. */
  readonly path: string;
  readonly default: unknown;
  readonly meaning: string;
}

const BEGIN = '<!-- values -->';
const END = '<!-- /values -->';

export const readmeOf = (chart: ChartName): string => join(chartFolder(chart), 'README.md');
export const schemaFileOf = (chart: ChartName): string => join(chartFolder(chart), 'values.schema.json');

/** The README with the table of values as values.yaml has them now. Throws if the README has no place for it. */
export function withValuesTable(chart: ChartName, readme: string): string {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`charts/${chart}/README.md has no ${BEGIN} … ${END}`);
  const lines = rowsOf(chart).map(
    (row) =>
      `| \`${row.path}\` | \`${JSON.stringify(row.default)}\` | ${row.meaning.replaceAll('|', '\\|')} |`,
  );
  const table = ['| value | default | meaning |', '| --- | --- | --- |', ...lines].join('\n');
  return `${readme.slice(0, begin)}${BEGIN}\n\n${table}\n\n${readme.slice(end)}`;
}

/** The text of the schema with the comments of values.yaml as descriptions. Values of former charts keep theirs. */
export function withDescriptions(chart: ChartName, text: string): string {
  const meanings = new Map(rowsOf(chart).map(({ path, meaning }) => [path, meaning]));
  return `${JSON.stringify(described(JSON.parse(text) as Schema, meanings), null, 2)}\n`;
}

/** With the description first. Removes one that values.yaml does not have. */
function described(schema: Schema, meanings: ReadonlyMap<string, string>, path = ''): object {
  const { deprecated, properties } = schema;
  if (deprecated === true) return schema;
  const below = Object.entries(properties ?? {}).map(([key, child]) => {
    return [key, described(child, meanings, path === '' ? key : `${path}.${key}`)] as const;
  });
  const copy = Object.assign({ description: '' }, schema);
  return {
    ...copy,
    description: meanings.get(path),
    properties: properties && Object.fromEntries(below),
  };
}

/** In the order of values.yaml. A map is one row if it has a comment, and one for each of its values if not. */
function rowsOf(chart: ChartName): Row[] {
  const { contents } = parseDocument(readFileSync(join(chartFolder(chart), 'values.yaml'), 'utf8'));
  if (!isMap(contents)) throw new Error(`charts/${chart}/values.yaml is not a map`);
  return rowsIn(contents);
}

function rowsIn(map: YAMLMap, parent = ''): Row[] {
  return map.items.flatMap((pair, index) => {
    const path = parent === '' ? String(pair.key) : `${parent}.${String(pair.key)}`;
    const meaning = commentOn(pair, index === 0 ? map : undefined);
    if (meaning !== '' && isNode(pair.value)) return [{ path, default: pair.value.toJSON(), meaning }];
    if (!isMap(pair.value)) throw new Error(`values.yaml: ${path} has no comment`);
    return rowsIn(pair.value, path);
  });
}

/** The last paragraph before the key. The parser gives the comment before the first key of a map to the map. */
function commentOn({ key }: Pair, map: YAMLMap | undefined): string {
  const comment = (isScalar(key) ? key.commentBefore : undefined) ?? map?.commentBefore ?? '';
  const paragraph = comment.split(/\n\s*\n/).at(-1) ?? '';
  return paragraph
    .split('\n')
    .map((line) => line.trim())
    .join(' ');
}

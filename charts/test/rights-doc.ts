import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { markdownTable } from '../../packages/runtime/src/markdown/table.ts';
import { objectsOf } from './objects.ts';
import { chartFolder, root } from './rendering.ts';

export const identityPage = join(root, 'docs/identity.md');

const BEGIN = '<!-- Rights of the server: made by `npm run generate` from charts/server/golden -->';
const END = '<!-- end of the rights -->';

/** Renderings with and without all optional rights. */
const [LEAST, MOST] = ['minimal', 'pod-identity'];

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

interface Row {
  readonly where: string;
  readonly what: string;
  readonly verbs: string;
}

/** The page with the rights that the chart grants. Throws if the page has no place for them. */
export function withRights(page: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`docs/identity.md lacks the line ${BEGIN} or ${END}`);
  return `${page.slice(0, begin)}${BEGIN}\n\n${table()}\n\n${page.slice(end)}`;
}

function table(): string {
  const always = rowsOf(LEAST).map(textOf);
  const rows = rowsOf(MOST).map((row) => [
    row.where,
    row.what,
    row.verbs,
    always.includes(textOf(row)) ? 'always' : 'with `startupTaint.keys`',
  ]);
  return markdownTable(['where', 'what', 'verbs', 'when'], rows);
}

function rowsOf(rendering: string): Row[] {
  const text = readFileSync(join(chartFolder('server'), `golden/${rendering}.yaml`), 'utf8');
  return objectsOf(text)
    .filter(({ kind, metadata }) => /^(Cluster)?Role$/.test(kind) && metadata.name === 'rolegate-server')
    .flatMap((object) => {
      const where = object.kind === 'ClusterRole' ? 'the cluster' : 'its Namespace';
      return (object['rules'] as Rule[]).map((rule) => rowOf(rule, where));
    });
}

function rowOf({ apiGroups, resources, resourceNames = [], verbs }: Rule, where: string): Row {
  const [group = ''] = apiGroups;
  const kinds = resources.map((one) => `\`${group === '' ? one : `${one}.${group}`}\``).join(', ');
  const names = resourceNames.map((name) => `\`${name}\``).join(', ');
  return {
    where,
    what: names === '' ? kinds : `${kinds} named ${names}`,
    verbs: verbs.map((verb) => `\`${verb}\``).join(', '),
  };
}

function textOf({ where, what, verbs }: Row): string {
  return [where, what, verbs].join('\n');
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { markdownTable } from '../../packages/runtime/src/markdown/table.ts';
import { objectsOf } from './objects.ts';
import { chartFolder, root } from './rendering.ts';

export const identityPage = join(root, 'docs/identity.md');

const BEGIN = '<!-- Rights of the server: made by `npm run generate` from charts/server/golden -->';
const END = '<!-- end of the rights -->';

/** Renderings, and when the server has the rights that no rendering before has. */
const RENDERINGS = [
  ['minimal', 'always'],
  ['container-credentials', 'with `containerCredentials.enabled`'],
  ['pod-identity', 'with `startupTaint.keys`'],
] as const;

interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
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
  const found = new Map<string, readonly string[]>();
  for (const [rendering, when] of RENDERINGS)
    for (const row of rowsOf(rendering)) {
      const key = textOf(row);
      if (!found.has(key)) found.set(key, [row.where, row.what, row.verbs, when]);
    }
  return markdownTable(['where', 'what', 'verbs', 'when'], [...found.values()]);
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

function rowOf(rule: Rule, where: string): Row {
  const { apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [], verbs } = rule;
  const [group = ''] = apiGroups;
  const kinds = resources.map((one) => `\`${group === '' ? one : `${one}.${group}`}\``).join(', ');
  const paths = nonResourceURLs.map((path) => `\`${path}\``).join(', ');
  const names = resourceNames.map((name) => `\`${name}\``).join(', ');
  return {
    where,
    what: names === '' ? `${kinds}${paths}` : `${kinds} named ${names}`,
    verbs: verbs.map((verb) => `\`${verb}\``).join(', '),
  };
}

function textOf({ where, what, verbs }: Row): string {
  return [where, what, verbs].join('\n');
}

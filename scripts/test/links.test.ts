import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import GithubSlugger from 'github-slugger';
import { expect, it } from 'vitest';

const ROOT = dirname(dirname(import.meta.dirname));
const files = execFileSync('git', ['-C', ROOT, 'ls-files'], { encoding: 'utf8' }).split('\n');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

const withoutCode = (text: string) => text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '');

function anchorsOf(page: string): ReadonlySet<string> {
  const slugger = new GithubSlugger();
  const headings = withoutCode(read(page)).matchAll(/^#+ (.*)$/gm);
  return new Set([...headings].map(([, heading = '']) => slugger.slug(heading.replaceAll(/[`*]/g, ''))));
}

const pages = files.filter((file) => file.endsWith('.md'));
const anchors = new Map(pages.map((page) => [page, anchorsOf(page)]));

/** Why a link of a page leads nowhere; undefined if it is good. */
function faultOf(page: string, link: string): string | undefined {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : normalize(join(dirname(page), path));
  if (!existsSync(join(ROOT, target))) return `${page}: ${link} does not exist`;
  const known = anchors.get(target);
  if (anchor === undefined || known === undefined) return undefined;
  return known.has(anchor) ? undefined : `${page}: ${link} has no such heading`;
}

it('Every link between pages leads to a file and a heading that exist', () => {
  const faults = pages
    .flatMap((page) =>
      [...withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => ({ page, link })),
    )
    .filter(({ link }) => !/^[a-z]+:/.test(link))
    .map(({ page, link }) => faultOf(page, link));
  expect(faults.filter((fault) => fault !== undefined)).toEqual([]);
});

it('Every page that a source, a chart or an example names exists', () => {
  const faults = files
    .filter((file) =>
      /^(acceptance|charts|deploy|docker|docs\/examples|packages|scripts)\/.*\.(ts|mjs|ya?ml|json|tpl|txt|sh)$/.test(
        file,
      ),
    )
    .filter((file) => !file.startsWith('scripts/test/'))
    .flatMap((file) =>
      [...read(file).matchAll(/\bdocs\/[\w./-]+\.md(#[\w-]+)?/g)].map(([link]) => ({ file, link })),
    )
    .map(({ file, link }) => {
      const fault = faultOf('README.md', link);
      return fault === undefined ? undefined : `${file}: ${fault}`;
    });
  expect(faults.filter((fault) => fault !== undefined)).toEqual([]);
});

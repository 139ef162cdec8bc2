import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = dirname(dirname(import.meta.dirname));
/** [text](target), outside of code. */
const LINK = /\]\(([^()\s]+)\)/g;

const pages = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .trim()
  .split('\n')
  .filter((page) => existsSync(join(ROOT, page)));

function withoutCode(text: string): string {
  return text.replaceAll(/^ *```[^]*?^ *```/gm, '').replaceAll(/`[^`\n]*`/g, 'code');
}

/** The anchors of a page, as GitHub makes them of headings. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of text.replaceAll(/^ *```[^]*?^ *```/gm, '').matchAll(/^#+ +(.+)$/gm)) {
    const name = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-');
    let anchor = name;
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${name}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

function faultOf(page: string, target: string): string | undefined {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? join(ROOT, page) : join(ROOT, dirname(page), decodeURI(path));
  if (!existsSync(file)) return `${target}: no such file`;
  if (anchor === undefined || !statSync(file).isFile() || !file.endsWith('.md')) return undefined;
  return anchorsOf(readFileSync(file, 'utf8')).has(anchor) ? undefined : `${target}: no such heading`;
}

it.each(pages)('Each relative link in %s leads to an existing file and heading', (page) => {
  const text = withoutCode(readFileSync(join(ROOT, page), 'utf8'));
  const targets = [...text.matchAll(LINK)].map(([, target = '']) => target);
  const faults = targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => faultOf(page, target))
    .filter((fault) => fault !== undefined);
  expect(faults).toEqual([]);
});

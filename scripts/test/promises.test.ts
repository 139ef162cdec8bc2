import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = dirname(dirname(import.meta.dirname));
const LINK = /\[[^\]]+\]\(([^)#]+)\)/;
const CODE = /`([^`]+)`/g;
/** What stands in a piece of code: a source, or a name in the source before it. */
const SOURCE = /^(agent|protocol|runtime|sandbox|server|testing)\/\S+\.ts$/;
const NAME = /^[a-z][A-Za-z.]+(?:\(\))?$/;

interface Row {
  readonly promise: string;
  readonly tests: string;
  readonly redWhen: string;
}

const rows: readonly Row[] = readFileSync(join(ROOT, 'docs/promises.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| **'))
  .map((line) => {
    const [promise = '', tests = '', redWhen = ''] = line
      .split(' | ')
      .map((cell) => cell.replace(/^\| | \|$/g, '').trim());
    return { promise, tests, redWhen };
  });

/** The quotes of a cell, each with the link before it: it is in that file. */
function quotesOf({ tests }: Row): { quote: string; path: string | undefined }[] {
  return tests.split(/(?=\[[^\]]+\]\()/).flatMap((part) => {
    const path = LINK.exec(part)?.[1];
    return [...part.matchAll(/"([^"]+)"/g)].map(([, quote = '']) => ({ quote, path }));
  });
}

/** A suite's list of steps with the files of these. */
function textOf(path: string): string {
  const own = readFileSync(path, 'utf8');
  const steps = join(dirname(path), 'steps');
  if (!path.endsWith('/all-steps.ts') || !existsSync(steps)) return own;
  return [own, ...readdirSync(steps).map((name) => readFileSync(join(steps, name), 'utf8'))].join('\n');
}

/** An ellipsis stands for what is left out of a title, as far as its line goes. */
function isIn(text: string, quote: string): boolean {
  const parts = quote.split('…').map((part) => part.trim().replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&'));
  return new RegExp(parts.join('.*')).test(text.replaceAll("\\'", "'"));
}

describe('docs/promises.md', () => {
  it('The page has a row for each promise', () => {
    const design = readFileSync(join(ROOT, 'docs/DESIGN.md'), 'utf8');
    const promised = new Set(design.match(/\*\*[SR]\d\*\*/g)?.map((word) => word.replaceAll('*', '')));
    expect(promised.size).toBe(14);
    for (const name of promised)
      expect(rows.some(({ promise }) => promise.split('**')[1]?.includes(name))).toBe(true);
  });

  it.each(rows)('The tests of the promise exist: $promise', (row) => {
    const links = [...row.tests.matchAll(new RegExp(LINK, 'g'))].map(([, path = '']) => path);
    expect(links.filter((path) => !existsSync(join(ROOT, 'docs', path)))).toEqual([]);
    const quotes = quotesOf(row);
    expect(links.length + quotes.length).toBeGreaterThan(0);
    const notThere = quotes.filter(
      ({ quote, path }) => path === undefined || !isIn(textOf(join(ROOT, 'docs', path)), quote),
    );
    expect(notThere).toEqual([]);
  });

  it.each(rows)(
    'The change that makes the test fail names existing files and identifiers: $promise',
    ({ redWhen }) => {
      let source = '';
      let sources = 0;
      const notThere: string[] = [];
      for (const [, code = ''] of redWhen.matchAll(CODE)) {
        if (SOURCE.test(code)) {
          sources += 1;
          source = existsSync(join(ROOT, 'packages', code)) ? textOf(join(ROOT, 'packages', code)) : '';
          if (source === '') notThere.push(code);
        } else if (NAME.test(code) && !source.includes(code.replace('()', ''))) notThere.push(code);
      }
      expect(notThere).toEqual([]);
      expect(sources).toBeGreaterThan(0);
    },
  );
});

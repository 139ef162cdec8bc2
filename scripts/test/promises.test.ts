import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contractPromises, promisesDoc, readPromises } from '../promises.ts';
import type { PromiseTest } from '../promises.ts';

const ROOT = dirname(dirname(import.meta.dirname));
const CODE = /`([^`]+)`/g;
/** What a piece of code names: another source, or an identifier of the source before it. */
const SOURCE = /^(?:acceptance|charts|packages)\/\S+\.\w+$/;
const NAME = /^[A-Za-z_]\w*(?:\.\w+)*(?:\(\))?$/;

const rows = readPromises(ROOT);

/** A suite's list of steps with the files of these. */
function textOf(path: string): string {
  const own = readFileSync(path, 'utf8');
  const steps = join(dirname(path), 'steps');
  if (!path.endsWith('/all-steps.ts') || !existsSync(steps)) return own;
  return [own, ...readdirSync(steps).map((name) => readFileSync(join(steps, name), 'utf8'))].join('\n');
}

/** An ellipsis stands for left-out text of the same line. */
function isIn(text: string, quote: string): boolean {
  const parts = quote.split('…').map((part) => part.trim().replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&'));
  return new RegExp(parts.join('.*')).test(text.replaceAll("\\'", "'"));
}

/** Titles that are not in the file, or the path if there is no such file. */
function missingIn({ path, titles = [] }: PromiseTest): readonly string[] {
  if (!existsSync(join(ROOT, path))) return [path];
  const text = textOf(join(ROOT, path));
  return titles.filter((title) => !isIn(text, title));
}

describe('docs/promises.yaml', () => {
  it('Each promise of the contract has rows in the register, and each row names promises of the contract', () => {
    const promised = [...contractPromises(ROOT).keys()];
    expect(promised).toHaveLength(14);
    expect([...new Set(rows.flatMap(({ promises }) => promises))].sort()).toEqual(promised.toSorted());
  });

  it.each(rows)('The tests exist that show: $holds', ({ tests }) => {
    expect(tests.length).toBeGreaterThan(0);
    expect(tests.flatMap(missingIn)).toEqual([]);
  });

  it.each(rows)(
    'The change that makes the test fail names existing files and identifiers: $holds',
    ({ sabotage }) => {
      expect(sabotage.length).toBeGreaterThan(0);
      const missing: string[] = [];
      for (const { path, change } of sabotage) {
        const source = existsSync(join(ROOT, path)) ? textOf(join(ROOT, path)) : '';
        if (source === '') missing.push(path);
        for (const [, code = ''] of change.matchAll(CODE)) {
          if (SOURCE.test(code) && !existsSync(join(ROOT, code))) missing.push(code);
          if (NAME.test(code) && !source.includes(code.replace('()', ''))) missing.push(code);
        }
      }
      expect(missing).toEqual([]);
    },
  );
});

describe('docs/promises.md', () => {
  it('docs/promises.md is what the generator makes of the register', () => {
    expect(readFileSync(join(ROOT, 'docs/promises.md'), 'utf8')).toBe(promisesDoc(ROOT));
  });
});

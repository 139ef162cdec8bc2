import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { limitNames } from '../../src/limits/limit-names.ts';

const docs = join(import.meta.dirname, '../../../../docs');
const [metrics = '', limits = ''] = ['metrics.md', 'limits.md'].map((page) =>
  readFileSync(join(docs, page), 'utf8'),
);

it('No two limits of the server share a name', () => {
  expect(new Set(limitNames).size).toBe(limitNames.length);
});

it.each(limitNames)('The page docs/limits.md says what happens at %s', (limit) => {
  const rows = limits.split('\n').filter((line) => line.startsWith('|'));
  expect(rows.filter((row) => row.split('|')[1]?.includes(`\`${limit}\``))).not.toEqual([]);
});

it('The page docs/metrics.md lists every limit of the server, in their order', () => {
  expect(metrics).toContain(`| \`limit\`: ${limitNames.join(', ')} |`);
});

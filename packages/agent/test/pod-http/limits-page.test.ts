import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { limitNames } from '../../src/pod-http/limit-hits.ts';

const page = readFileSync(new URL('../../../../docs/limits.md', import.meta.url), 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('|'));

it.each(['new_connections', ...limitNames])('The page docs/limits.md says what happens at %s', (limit) => {
  expect(rows.filter((row) => row.split('|')[1]?.includes(`\`${limit}\``))).not.toEqual([]);
});

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { reasonsDoc } from '../src/reasons-doc.ts';

it('The page docs/reasons.md matches the table of reasons (npm run generate writes it)', () => {
  expect(readFileSync(new URL('../../../docs/reasons.md', import.meta.url), 'utf8')).toBe(reasonsDoc());
});

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { reasonsDoc } from '../src/reasons-doc.ts';

it('docs/reasons.md says what the table says (npm run generate writes it)', () => {
  expect(readFileSync(new URL('../../../docs/reasons.md', import.meta.url), 'utf8')).toBe(reasonsDoc());
});

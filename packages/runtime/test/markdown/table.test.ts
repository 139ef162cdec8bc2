import { describe, expect, it } from 'vitest';
import { markdownTable } from '../../src/markdown/table.ts';

describe('Markdown table', () => {
  it('Every column has one width, and missing cells are empty', () => {
    const lines = ['| what | p50  |', '| ---- | ---- |', '| a    | 1 ms |', '| b    |      |'];
    expect(markdownTable(['what', 'p50'], [['a', '1 ms'], ['b']])).toBe(lines.join('\n'));
  });
});

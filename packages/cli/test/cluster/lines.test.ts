import { describe, expect, it } from 'vitest';
import { readLines } from '../../src/cluster/lines.ts';
import type { Line } from '../../src/cluster/lines.ts';

async function linesOf(chunks: readonly string[], longest = 100) {
  async function* bytes() {
    await Promise.resolve();
    for (const chunk of chunks) yield Buffer.from(chunk, 'latin1');
  }
  const lines: Line[] = [];
  for await (const batch of readLines(bytes(), longest)) lines.push(...batch);
  return lines;
}

describe('lines of a stream', () => {
  it('are put together from chunks that end anywhere, even within a character', async () => {
    const utf8 = Buffer.from('zwölf').toString('latin1');
    expect(await linesOf(['one\ntw', 'o\r\n\n', utf8.slice(0, 3), utf8.slice(3)])).toEqual([
      { text: 'one', leftOut: 0 },
      { text: 'two', leftOut: 0 },
      { text: 'zwölf', leftOut: 0 },
    ]);
  });

  it('are cut at the limit, and the next line is whole', async () => {
    expect(await linesOf(['abcdef', 'ghij\nnext\n'], 4)).toEqual([
      { text: 'abcd', leftOut: 6 },
      { text: 'next', leftOut: 0 },
    ]);
  });
});

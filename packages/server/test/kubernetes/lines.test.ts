import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readLines, readText } from '../../src/kubernetes/lines.ts';
import type { Line } from '../../src/kubernetes/lines.ts';

async function* from(chunks: readonly string[]): AsyncGenerator<string> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}

async function setup(chunks: readonly string[], maxLength = 100): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const line of readLines(from(chunks), maxLength)) lines.push(line);
  return lines;
}

describe('readLines', () => {
  it.each([
    { of: 'one line', chunks: ['a\n'], lines: ['a'] },
    { of: 'a line in three chunks', chunks: ['a', 'b', 'c\n'], lines: ['abc'] },
    { of: 'three lines in a chunk', chunks: ['a\nb\nc\n'], lines: ['a', 'b', 'c'] },
    { of: 'empty lines', chunks: ['\n\na\n\n'], lines: ['a'] },
    { of: 'half a line at the end', chunks: ['a\nb'], lines: ['a'] },
    { of: 'nothing', chunks: [], lines: [] },
  ])('reads $of', async ({ chunks, lines }) => {
    expect(await setup(chunks)).toEqual(lines.map((text) => ({ text })));
  });

  it.each([
    { chunks: ['a\n12345678901\nb\n'] },
    { chunks: ['a\n123456', '78901\nb\n'] },
    { chunks: ['a\n123456', '7890123', '45678', '9\nb\n'] },
  ])('passes over a line that is too long, and goes on behind it', async ({ chunks }) => {
    expect(await setup(chunks, 10)).toEqual([{ text: 'a' }, { tooLong: true }, { text: 'b' }]);
  });

  it('reads the same lines however the stream is cut', async () => {
    const line = fc.string({ minLength: 1, maxLength: 8 }).map((text) => text.replaceAll('\n', '.'));
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.array(fc.nat(7)), async (texts, sizes) => {
        const whole = texts.map((text) => `${text}\n`).join('');
        const chunks = sizes.map((size, at) => {
          const start = sizes.slice(0, at).reduce((sum, each) => sum + each, 0);
          return whole.slice(start, start + size);
        });
        chunks.push(whole.slice(chunks.join('').length));
        expect(await setup(chunks)).toEqual(texts.map((text) => ({ text })));
      }),
    );
  });
});

describe('readText', () => {
  it('reads the whole', async () => {
    expect(await readText(from(['a', 'b']), 10)).toBe('ab');
  });

  it('stops before it has read too much', async () => {
    expect(await readText(from(['1234', '5678', '9012']), 10)).toBe('12345678');
  });
});

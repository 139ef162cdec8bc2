import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { createJsonReader } from '../../../src/kubernetes/json/json-reader.ts';
import { object, scalar } from '../../../src/kubernetes/json/shape.ts';
import { readLines, readText } from '../../../src/kubernetes/api/lines.ts';
import type { Line } from '../../../src/kubernetes/api/lines.ts';

const SHAPE = object({ a: scalar(1000) });

async function* from(chunks: readonly (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk));
}

async function setup(chunks: readonly (string | Buffer)[], longest = 100): Promise<Line[]> {
  const lines: Line[] = [];
  const json = createJsonReader({ shape: SHAPE, wholeBytes: 8 });
  for await (const line of readLines({ chunks: from(chunks), json, longest })) lines.push(line);
  return lines;
}

describe('Lines', () => {
  it.each([
    { of: 'one line', chunks: ['{"a":1}\n'], lines: [{ a: 1 }] },
    { of: 'a line in three chunks', chunks: ['{"a"', ':1', '}\n'], lines: [{ a: 1 }] },
    {
      of: 'three lines in a chunk',
      chunks: ['{"a":1}\n{"b":2}\n{"a":3}\n'],
      lines: [{ a: 1 }, {}, { a: 3 }],
    },
    { of: 'empty lines', chunks: ['\n\n{}\n\n'], lines: [{}] },
    { of: 'half a line at the end', chunks: ['{}\n{"a"'], lines: [{}] },
    { of: 'nothing', chunks: [], lines: [] },
  ])('The reader reads $of', async ({ chunks, lines }) => {
    expect(await setup(chunks)).toEqual(lines.map((value) => ({ value })));
  });

  it.each([
    { chunks: ['{}\n{"a":1,"b":2}\n{}\n'] },
    { chunks: ['{}\n{"a":1', ',"b":2}\n{}\n'] },
    { chunks: ['{}\n{"a":1,', '"b":', '2', '}', '\n{}\n'] },
  ])('A line that is too long is reported as such, and the next one is read', async ({ chunks }) => {
    const tooLong = expect.objectContaining({ fault: 'it is too long', tooLong: true });
    expect(await setup(chunks, 10)).toEqual([{ value: {} }, tooLong, { value: {} }]);
  });

  it('The same lines are read wherever the stream is split, even in the middle of a character', async () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 8 }).map((text) => JSON.stringify({ a: text }));
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.array(fc.nat(7)), async (texts, sizes) => {
        let rest = Buffer.from(texts.map((text) => `${text}\n`).join(''));
        const chunks = sizes.map((size) => {
          const chunk = rest.subarray(0, size);
          rest = rest.subarray(size);
          return chunk;
        });
        const read = await setup([...chunks, rest], 1000);
        expect(read.map(({ value }) => value)).toEqual(texts.map((text) => JSON.parse(text) as unknown));
      }),
    );
  });
});

describe('Text', () => {
  it('A text within its limit is read whole', async () => {
    expect(await readText(from(['a', 'b']), 10)).toBe('ab');
  });

  it('Reading stops before the limit of a text is exceeded', async () => {
    expect(await readText(from(['1234', '5678', '9012']), 10)).toBe('12345678');
  });
});

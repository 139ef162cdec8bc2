import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { createLines } from '../../src/reconcile/lines.ts';

function setup(longest = 1_000) {
  const lines: string[] = [];
  let tooLong = 0;
  const take = createLines({
    longest,
    line: (text) => void lines.push(text),
    tooLong: () => {
      tooLong += 1;
    },
  });
  return {
    lines,
    take: (text: string) => {
      take(Buffer.from(text));
    },
    takeBytes: take,
    tooLong: () => tooLong,
  };
}

describe('Lines', () => {
  it('Lines are the same wherever the bytes are cut', () => {
    const text = fc.string({ unit: 'grapheme' }).map((one) => one.replaceAll('\n', ' '));
    fc.assert(
      fc.property(fc.array(text), fc.array(fc.nat({ max: 40 })), (wanted, cuts) => {
        const t = setup();
        const bytes = Buffer.from(wanted.map((line) => `${line}\n`).join(''));
        let start = 0;
        for (const cut of cuts) t.takeBytes(bytes.subarray(start, (start += cut)));
        t.takeBytes(bytes.subarray(start));
        expect(t.lines).toEqual(wanted);
      }),
    );
  });

  it('A line is not passed on before it ends', () => {
    const t = setup();
    t.take('half');
    expect(t.lines).toEqual([]);
    t.take(' a line\nand');
    expect(t.lines).toEqual(['half a line']);
  });

  it('A line that is too long is reported before it ends, and the lines before it are passed on', () => {
    const t = setup(10);
    t.take('0123456789\n01234');
    expect([t.lines, t.tooLong()]).toEqual([['0123456789'], 0]);
    t.take('567890');
    expect([t.lines, t.tooLong()]).toEqual([['0123456789'], 1]);
  });
});

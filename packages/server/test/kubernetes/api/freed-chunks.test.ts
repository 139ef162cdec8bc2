import { describe, expect, it } from 'vitest';
import { freedChunks } from '../../../src/kubernetes/api/freed-chunks.ts';

/** As one read of a socket. */
function read(bytes = 64 * 1024): Buffer {
  return Buffer.from(new ArrayBuffer(bytes));
}

async function* from(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}

/** The lengths of all chunks each time that one comes, and at the end. */
async function lengthsMeanwhile(chunks: readonly Buffer[]): Promise<number[][]> {
  const seen: number[][] = [];
  const look = () => seen.push(chunks.map(({ length }) => length / 1024));
  for await (const chunk of freedChunks(from(chunks))) if (chunk.length >= 0) look();
  look();
  return seen;
}

describe('Freed chunks', () => {
  it('The memory of a chunk is freed when the next one is requested, and that of the last one at the end', async () => {
    expect(await lengthsMeanwhile([read(), read()])).toEqual([
      [64, 64],
      [0, 64],
      [0, 0],
    ]);
  });

  it('The memory of a read is kept until all its chunks have been consumed', async () => {
    const whole = read();
    const halves = [whole.subarray(0, 32 * 1024), whole.subarray(32 * 1024)];
    expect(await lengthsMeanwhile(halves)).toEqual([
      [32, 32],
      [32, 32],
      [0, 0],
    ]);
  });

  it('Small chunks are not freed, because other Buffers may share their memory', async () => {
    const small = [read(1024), Buffer.from('x')];
    const lengths = small.map(({ length }) => length);
    await lengthsMeanwhile(small);
    expect(small.map(({ length }) => length)).toEqual(lengths);
  });
});

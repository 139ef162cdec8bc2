import { deflateSync, inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { toPalettePng } from '../dashboard/palette-png.ts';

/** A PNG without checksums. The rows begin with their filters. */
function pngOf({ width, height, rows }: { width: number; height: number; rows: readonly number[] }): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const chunk = (type: string, data: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return Buffer.concat([length, Buffer.from(type), data, Buffer.alloc(4)]);
  };
  return Buffer.concat([
    Buffer.alloc(8),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.from(rows))),
  ]);
}

function chunkOf(png: Buffer, type: string): number[] {
  const at = png.indexOf(type);
  return [...png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4))];
}

describe('Pictures with a palette', () => {
  it('All filters of rows are undone, and equal pixels have one color', () => {
    const rows = [
      [1, 10, 20, 30, 0, 0, 0],
      [2, 0, 0, 0, 0, 0, 0],
      [3, 5, 10, 15, 0, 0, 0],
      [4, 0, 0, 0, 0, 0, 0],
    ].flat();
    const png = toPalettePng(pngOf({ width: 2, height: 4, rows }));
    expect(chunkOf(png, 'PLTE')).toEqual([10, 20, 30]);
    expect([...inflateSync(Buffer.from(chunkOf(png, 'IDAT')))]).toEqual(Array.from({ length: 12 }, () => 0));
  });

  it('With more than 256 colors, similar ones become one', () => {
    const reds = Array.from({ length: 300 }, (_, at) => [at % 256, Math.floor(at / 256), 0]).flat();
    const png = toPalettePng(pngOf({ width: 300, height: 1, rows: [0].concat(reds) }));
    const colors = chunkOf(png, 'PLTE').length / 3;
    expect(colors).toBeGreaterThan(100);
    expect(colors).toBeLessThanOrEqual(256);
  });
});

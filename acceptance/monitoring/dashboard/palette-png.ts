import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Color types of the PNG specification, with their bytes per pixel. */
const CHANNELS: Readonly<Record<number, number>> = { 2: 3, 6: 4 };
const PALETTE = 3;
const MOST_COLORS = 256;

interface Picture {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue of each pixel. */
  readonly pixels: Buffer;
}

/** Reduces a PNG of 8-bit colors to a palette, as coarsely as needed. Transparency is dropped. */
export function toPalettePng(png: Buffer): Buffer {
  const picture = decode(png);
  for (let step = 1; ; step *= 2) {
    const colors = new Map<number, number>();
    const rows = Buffer.alloc((picture.width + 1) * picture.height);
    for (let at = 0; at < picture.width * picture.height; at++) {
      const color = rounded(picture.pixels, 3 * at, step);
      let index = colors.get(color);
      if (index === undefined) colors.set(color, (index = colors.size));
      // Each row begins with its filter, which is none.
      rows[at + Math.floor(at / picture.width) + 1] = index;
    }
    if (colors.size <= MOST_COLORS) return encode(picture, [...colors.keys()], rows);
  }
}

function rounded(pixels: Buffer, at: number, step: number): number {
  let color = 0;
  for (const value of pixels.subarray(at, at + 3))
    color = color * 256 + Math.min(255, Math.round(value / step) * step);
  return color;
}

function encode({ width, height }: Picture, colors: readonly number[], rows: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, PALETTE], 8);
  const palette = Buffer.from(colors.flatMap((color) => [color >> 16, (color >> 8) & 255, color & 255]));
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', palette),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

/** Throws unless the PNG has 8-bit colors and is not interlaced. */
function decode(png: Buffer): Picture {
  const data: Buffer[] = [];
  let header = Buffer.alloc(0);
  for (let at = SIGNATURE.length; at < png.length;) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') header = Buffer.from(body);
    if (type === 'IDAT') data.push(body);
    at += length + 12;
  }
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const channels = CHANNELS[header[9] ?? 0];
  if (header[8] !== 8 || header[12] !== 0 || channels === undefined)
    throw new Error('only PNGs with 8-bit colors that are not interlaced can be reduced');
  const rows = unfilter(inflateSync(Buffer.concat(data)), { width, height, channels });
  const pixels = Buffer.alloc(width * height * 3);
  for (let at = 0; at < width * height; at++) rows.copy(pixels, 3 * at, channels * at, channels * at + 3);
  return { width, height, pixels };
}

/** Undoes the filters of the rows (PNG specification, chapter 9). */
function unfilter(
  filtered: Buffer,
  { width, height, channels }: { readonly width: number; readonly height: number; readonly channels: number },
): Buffer {
  const length = width * channels;
  const plain = Buffer.alloc(length * height);
  for (let row = 0; row < height; row++) {
    const filter = filtered[row * (length + 1)] ?? 0;
    for (let column = 0; column < length; column++) {
      const at = row * length + column;
      const left = column < channels ? 0 : (plain[at - channels] ?? 0);
      const above = row === 0 ? 0 : (plain[at - length] ?? 0);
      const corner = row === 0 || column < channels ? 0 : (plain[at - length - channels] ?? 0);
      plain[at] =
        ((filtered[row * (length + 1) + 1 + column] ?? 0) + predicted(filter, left, above, corner)) & 255;
    }
  }
  return plain;
}

function predicted(filter: number, left: number, above: number, corner: number): number {
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  const estimate = left + above - corner;
  const [a, b, c] = [left, above, corner].map((value) => Math.abs(estimate - value)) as [
    number,
    number,
    number,
  ];
  if (a <= b && a <= c) return left;
  return b <= c ? above : corner;
}

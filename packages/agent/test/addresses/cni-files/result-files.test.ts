import { appendFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemFiles } from '../../../src/addresses/cni-files/result-files.ts';

const PIECE = 64 * 1024;

let folder = '';
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'files-'));
  path = join(folder, 'podnet-x-eth0');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** `meanwhile` is called with each chunk. */
async function read(mostBytes: number, meanwhile: (piece: Buffer) => void = () => undefined) {
  const pieces: Buffer[] = [];
  const file = await systemFiles.read(path, mostBytes, (piece) => {
    pieces.push(Buffer.from(piece));
    meanwhile(piece);
  });
  return { outcome: file?.outcome, pieces, text: Buffer.concat(pieces).toString() };
}

describe('Result files', () => {
  it.each([0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])(
    'A file of %i bytes is read whole, in pieces of at most 64 KiB',
    async (length) => {
      const content = 'abcdefg'.repeat(length).slice(0, length);
      await writeFile(path, content);
      const { outcome, pieces, text } = await read(length);
      expect([outcome, text === content]).toEqual(['whole', true]);
      expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(PIECE);
    },
  );

  it.each([0, 1, PIECE - 1])(
    'A file of %i bytes that was just written is read synchronously',
    async (length) => {
      await writeFile(path, 'x'.repeat(length));
      const pieces: Buffer[] = [];
      const file = systemFiles.readNow(path, undefined, (piece) => pieces.push(Buffer.from(piece)));
      expect(file).toEqual({ ...(await systemFiles.stamp(path)), outcome: 'whole' });
      expect(pieces).toEqual([Buffer.from('x'.repeat(length))]);
    },
  );

  it('A file of a known version is not read again', async () => {
    await writeFile(path, 'x');
    const take = () => {
      throw new Error('taken');
    };
    const { version } = (await systemFiles.stamp(path)) ?? {};
    expect(systemFiles.readNow(path, version, take)).toBe('known');
  });

  it.each([
    { what: 'of more than a piece', make: () => writeFile(path, 'x'.repeat(PIECE)) },
    { what: 'that was removed', make: () => Promise.resolve() },
    { what: 'that is a directory', make: () => mkdir(path) },
    { what: 'that is a symbolic link', make: () => symlink('/proc/self/status', path) },
  ])('A file $what is not read synchronously', async ({ make }) => {
    await make();
    const take = () => {
      throw new Error('taken');
    };
    expect(systemFiles.readNow(path, undefined, take)).toBe('later');
  });

  it('A file that is larger than allowed is not read at all', async () => {
    await writeFile(path, 'x'.repeat(101));
    expect(await read(100)).toMatchObject({ outcome: 'too-large', pieces: [] });
  });

  it('A file that grows while it is read is not read beyond the limit', async () => {
    await writeFile(path, 'x'.repeat(2 * PIECE));
    const grow = () => {
      appendFileSync(path, 'x'.repeat(2 * PIECE));
    };
    const { outcome, pieces } = await read(3 * PIECE, grow);
    expect([outcome, pieces.length]).toEqual(['too-large', 3]);
  });

  it('A file that changes while it is read is reported as changed', async () => {
    await writeFile(path, 'x');
    const change = () => {
      appendFileSync(path, 'y');
    };
    expect(await read(PIECE, change)).toMatchObject({ outcome: 'changed' });
  });
});

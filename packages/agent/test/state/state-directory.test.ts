import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openStateDirectory } from '../../src/state/state-directory.ts';
import { createFolder } from '../reconcile/setup.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function setup() {
  const { folder, ...place } = await createFolder();
  closing.push(() => place[Symbol.asyncDispose]());
  const path = join(folder, 'state');
  const directory = openStateDirectory(path);
  return { path, directory, file: directory.file };
}

const CONTENT = Buffer.from('content');

describe('State directory', () => {
  it('The state directory returns what was written, and is created if it does not exist', async () => {
    const { directory, path } = await setup();
    expect(directory.read()).toBeUndefined();
    directory.write(CONTENT);
    expect(directory.read()).toEqual(CONTENT);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it('The state directory contains one file that others may not read, whatever the umask', async () => {
    const { directory, path, file } = await setup();
    const before = process.umask(0);
    directory.write(CONTENT);
    process.umask(before);
    expect([readdirSync(path).length, statSync(file).mode & 0o777]).toEqual([1, 0o600]);
  });

  it('The state directory overwrites what an interrupted write has left', async () => {
    const { directory, path, file } = await setup();
    directory.write(CONTENT);
    writeFileSync(`${file}.new`, 'half', { mode: 0o644 });
    directory.write(Buffer.from('more'));
    expect(readdirSync(path)).toHaveLength(1);
    expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual(['more', 0o600]);
  });

  it('The state directory never writes through a link', async () => {
    const { directory, path, file } = await setup();
    mkdirSync(path);
    const elsewhere = join(path, 'elsewhere');
    symlinkSync(elsewhere, `${file}.new`);
    directory.write(CONTENT);
    expect(readdirSync(path)).toHaveLength(1);
  });

  it('The state directory keeps the old file if writing fails', async () => {
    const { directory, file } = await setup();
    directory.write(CONTENT);
    mkdirSync(`${file}.new`);
    writeFileSync(join(`${file}.new`, 'x'), '');
    expect(() => {
      directory.write(Buffer.from('more'));
    }).toThrow();
    expect(directory.read()).toEqual(CONTENT);
  });

  it('The state directory holds nothing after a removal, and removing nothing is fine', async () => {
    const { directory } = await setup();
    directory.write(CONTENT);
    directory.remove();
    directory.remove();
    expect(directory.read()).toBeUndefined();
  });

  it.each([0o604, 0o606, 0o664, 0o666])('The state directory refuses a file of mode %o', async (mode) => {
    const { directory, file } = await setup();
    directory.write(CONTENT);
    chmodSync(file, mode);
    expect(directory.read).toThrow(/others may read it/);
  });

  it.each([0o640, 0o660])(
    'The state directory restores the mode of a file that kubelet gave to the fsGroup: mode %o',
    async (mode) => {
      const { directory, file } = await setup();
      directory.write(CONTENT);
      chownSync(file, -1, process.getegid?.() ?? -1);
      chmodSync(file, mode);
      expect(directory.read()).toEqual(CONTENT);
      expect(statSync(file).mode & 0o777).toBe(0o600);
    },
  );

  const asRoot = process.geteuid?.() === 0 ? it : it.skip;

  asRoot('The state directory refuses a file that another group may read', async () => {
    const { directory, file } = await setup();
    directory.write(CONTENT);
    chownSync(file, -1, 4_242);
    chmodSync(file, 0o640);
    expect(directory.read).toThrow(/others may read it/);
  });

  asRoot('The state directory refuses a file of another user', async () => {
    const { directory, file } = await setup();
    directory.write(CONTENT);
    chownSync(file, 4_242, 4_242);
    expect(directory.read).toThrow(/of another user/);
  });

  it('The state directory refuses a link or a directory in place of the file', async () => {
    const { directory, path, file } = await setup();
    mkdirSync(path);
    writeFileSync(join(path, 'other'), '', { mode: 0o600 });
    symlinkSync(join(path, 'other'), file);
    expect(directory.read).toThrow('it is a symbolic link');
    directory.remove();
    mkdirSync(file, { mode: 0o600 });
    expect(directory.read).toThrow('not a regular file');
  });

  it('The state directory knows whether it is in memory', () => {
    expect(openStateDirectory('/dev/shm').isInMemory()).toBe(true);
    expect(openStateDirectory('/proc').isInMemory()).toBe(false);
  });
});

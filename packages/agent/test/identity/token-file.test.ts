import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { readToken } from '../../src/identity/token-file.ts';
import { createFolder } from '../reconcile/setup.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function setup() {
  const place = await createFolder();
  closing.push(() => place[Symbol.asyncDispose]());
  const file = join(place.folder, 'token');
  return { folder: place.folder, file, write: (text: string) => writeFile(file, text) };
}

it('The ServiceAccount token is read from the file each time', async () => {
  const { file, write } = await setup();
  await write('first.token\n');
  expect(readToken(file)).toBe('first.token');
  await write('second.token');
  expect(readToken(file)).toBe('second.token');
});

it.each([
  { text: '', says: /is empty$/ },
  { text: ' \n', says: /is empty$/ },
  { text: 'secret one', says: /holds more than one word, so it is not a token$/ },
  { text: 'secret\u0000', says: /holds more than one word, so it is not a token$/ },
  { text: 'secret\nsecret', says: /holds more than one word, so it is not a token$/ },
  { text: 'secret'.repeat(5_000), says: /is over 16 KiB, too long for a token$/ },
])(
  'An invalid ServiceAccount token file is rejected with $says, and its content is not quoted',
  async ({ text, says }) => {
    const { file, write } = await setup();
    await write(text);
    expect(() => readToken(file)).toThrow(says);
    expect(() => readToken(file)).not.toThrow(/secret/);
  },
);

it('The error says whether the ServiceAccount token file is missing or unreadable', async () => {
  const { folder, file } = await setup();
  expect(() => readToken(file)).toThrow(`--token-file ${file} does not exist: mount a projected token`);
  expect(() => readToken(folder)).toThrow(/ cannot be read \(EISDIR\)$/);
});

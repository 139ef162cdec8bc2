import { mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openMovedClock } from '../../metadata/moved-clock.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clock-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

it('A clock is right until it is moved on, by a file that its process reads each time', async () => {
  const file = join(folder, 'clock');
  const clock = await openMovedClock({ installed: '/installed', file });
  expect(clock.env).toMatchObject({ LD_PRELOAD: '/installed/faketime.so', FAKETIME_TIMESTAMP_FILE: file });
  expect(readFileSync(file, 'utf8')).toBe('+0\n');
  await clock.moveOn('+30m');
  expect(readFileSync(file, 'utf8')).toBe('+30m\n');
});

it('The timeouts of a process whose clock is moved stay as they are', async () => {
  const { env } = await openMovedClock({ installed: '/installed', file: join(folder, 'clock') });
  expect(env['FAKETIME_DONT_FAKE_MONOTONIC']).toBe('1');
});

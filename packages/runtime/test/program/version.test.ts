import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { VERSION } from '../../src/program/version.ts';

it.each(['.', 'packages/runtime', 'packages/server', 'packages/agent'])(
  'The version is the one in package.json of %s',
  (folder) => {
    const url = new URL(`../../../../${folder}/package.json`, import.meta.url);
    expect((JSON.parse(readFileSync(url, 'utf8')) as { version: string }).version).toBe(VERSION);
  },
);

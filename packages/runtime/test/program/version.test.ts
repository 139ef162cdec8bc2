import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { VERSION } from '../../src/program/version.ts';

// If this fails, run npm run generate.
const file = (path: string) => readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');
const { version } = JSON.parse(file('package.json')) as { version: string };

it('The version of the programs is the one in package.json', () => {
  expect(VERSION).toBe(version);
});

it.each(['server', 'agent'])('The version of the chart %s is the one in package.json', (chart) => {
  expect(file(`charts/${chart}/Chart.yaml`)).toContain(`\nversion: ${version}\nappVersion: ${version}\n`);
});

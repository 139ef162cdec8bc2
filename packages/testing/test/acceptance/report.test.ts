import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeMachine, writeReport } from '@rolegate/testing';

async function written(text: string, report: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'report-'));
  const file = join(folder, 'page.md');
  try {
    await writeFile(file, text);
    await writeReport(file, 'test:some', report);
    return await readFile(file, 'utf8');
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('Report', () => {
  it('Only the text between the markers of the suite is replaced', async () => {
    const page = (inside: string) =>
      `before\n<!-- test:some begins -->\n\n${inside}\n\n<!-- test:some ends -->\nafter\n`;
    await expect(written(page('old'), 'new')).resolves.toBe(page('new'));
  });

  it('A report whose file lacks the markers is rejected', async () => {
    await expect(written('<!-- test:other begins --><!-- test:other ends -->', 'new')).rejects.toThrow(
      'does not have the markers <!-- test:some begins -->',
    );
  });
});

describe('Machine', () => {
  it('The description of the machine names the day, the Node.js version and the load', () => {
    const said = describeMachine(new Date('2026-11-29T12:00:00Z'));
    expect(said).toMatch(/^2026-11-29, Linux .* Node \d+\.\d+\.\d+; load before the run \d+\.\d$/);
  });
});

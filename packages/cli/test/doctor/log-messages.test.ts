import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { logMessages } from '../../src/doctor/log-messages.ts';

it.each(Object.values(logMessages))(
  'The message "%s" that doctor reads is one that agents log',
  async (message) => {
    const page = await readFile(new URL('../../../../docs/log-messages.md', import.meta.url), 'utf8');
    expect(page).toContain(`\n### ${message}\n`);
  },
);

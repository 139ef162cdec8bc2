import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { commands } from '../../src/command-line/commands.ts';
import { pluginFlagsDoc } from '../../src/command-line/flags-doc.ts';

const PAGE = new URL('../../../../docs/flags.md', import.meta.url);

it('docs/flags.md has the flags of all commands of the plugin', async () => {
  // If not, run npm run generate.
  expect(readFileSync(PAGE, 'utf8')).toContain(await pluginFlagsDoc(commands));
});

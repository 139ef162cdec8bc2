import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { documentedSessions, fencedBlocks, isDocumented, runCommand, startProcess } from '@rolegate/testing';
import type { DocumentedSession } from '@rolegate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './setup.ts';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const MANIFESTS = fileURLToPath(new URL('../manifests', import.meta.url));
const PAGE = fileURLToPath(new URL('../../../docs/getting-started.md', import.meta.url));
const ENV = { PATH: process.env['PATH'] ?? '' };

/** What the sandbox asks to paste into another terminal. */
function linesToPaste(printed: readonly string[]): string {
  const first = printed.findIndex((line) => line.startsWith('  imds='));
  return printed.slice(first, printed.indexOf('', first)).join('\n');
}

describe('The page docs/getting-started.md', () => {
  const printed: string[] = [];
  let folder = '';
  let sandbox: ReturnType<typeof startProcess> | undefined;
  let page = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rolegate-getting-started-'));
    await cp(MANIFESTS, folder, { recursive: true });
    page = await readFile(PAGE, 'utf8');
    sandbox = startProcess([process.execPath, MAIN, '-f', folder], {
      env: ENV,
      output: (line) => printed.push(line),
    });
    await eventually(() => {
      expect(printed.join('\n')).toContain('The log of all programs follows');
    });
  });
  afterAll(async () => {
    await sandbox?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const shell = async (command: string) => {
    const script = `${linesToPaste(printed)}\n${command}`;
    // Otherwise it would read the user's settings.
    const { stdout } = await runCommand(['bash', '--norc', '-c', script], { env: ENV });
    return stdout;
  };
  const expectDocumented = (session: DocumentedSession) =>
    eventually(async () => {
      const output = await shell(session.command);
      if (!isDocumented(session, output)) throw new Error(`${session.command} printed:\n${output}`);
    });

  it('shows what the commands of the sandbox print, before and after the fix', async () => {
    const sessions = fencedBlocks(page, 'The sandbox')
      .filter(({ language }) => language === 'console')
      .map(documentedSessions);
    expect(sessions).toHaveLength(3);
    const [denied = [], why = [], permitted = []] = sessions;
    for (const session of [...denied, ...why]) await expectDocumented(session);
    await applyFix(page, folder);
    for (const session of permitted) await expectDocumented(session);
  });

  it('says what more there is to try, and what is answered', async () => {
    const [block] = fencedBlocks(page, 'The sandbox').filter(({ text }) => text.startsWith('as '));
    const lines = (block?.text ?? '').trimEnd().split('\n');
    expect(lines.length).toBeGreaterThanOrEqual(5);
    for (const line of lines) {
      const [command = '', comment = ''] = line.split(' # ');
      const answer = await shell(command);
      for (const word of comment.replace(/^.*: /, '').split(' ')) expect(answer).toContain(word);
    }
  });
});

/** Edits the manifest as the page says. */
async function applyFix(page: string, folder: string): Promise<void> {
  const [block] = fencedBlocks(page, 'The sandbox').filter(({ language }) => language === 'yaml');
  const after = block?.text ?? '';
  const before = after.split('\n').slice(0, 3).join('\n');
  const path = join(folder, 'legacy.yaml');
  const manifest = await readFile(path, 'utf8');
  expect(manifest).toContain(`${before}\n---`);
  await writeFile(path, manifest.replace(`${before}\n`, after));
}

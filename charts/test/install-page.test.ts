import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { render, root } from './rendering.ts';
import { withHelm } from './with-helm.ts';

const page = readFileSync(join(root, 'docs/install.md'), 'utf8');
/** The whole of server.yaml, then what single distributions add to it or replace. */
const [whole = '', ...parts] = [...page.matchAll(/^```yaml\n([^`]*)^```$/gm)].map(([, text = '']) => text);

withHelm('Values in docs/install.md (need helm)', () => {
  let folder = '';
  const file = () => join(folder, 'server.yaml');

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'rolegate-install-'));
    writeFileSync(file(), whole);
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(['', ...parts])("The server's chart renders the values of docs/install.md with %j", (part) => {
    const values = (parse(part) ?? {}) as object;
    const { code, stderr } = render({ chart: 'server', files: [file()], values });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

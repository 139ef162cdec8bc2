import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { watchAuthorities } from '@rolegate/protocol';
import { createFakeClock, createTestCa } from '@rolegate/testing';

const POLL_MS = 3_000;

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function setup(content?: string) {
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-authorities-'));
  closing.push(() => rm(folder, { recursive: true }));
  const file = join(folder, 'ca.crt');
  if (content !== undefined) await writeFile(file, content);
  const clock = createFakeClock({ nowMs: Date.now() });
  const lines: (readonly [string, string])[] = [];
  const stop = new AbortController();
  const source = watchAuthorities({
    file,
    clock,
    signal: stop.signal,
    log: {
      info: (message) => lines.push(['info', message]),
      error: (message) => lines.push(['error', message]),
    },
  });
  const changes: string[] = [];
  source.onChange(({ ca }) => changes.push(ca.toString()));
  const write = async (text: string) => {
    await writeFile(file, text);
    await clock.advance(POLL_MS);
  };
  return { source, lines, changes, clock, stop, file, write };
}

describe('Authorities file', () => {
  it('The authorities file is read at the start, and again when it changes', async () => {
    const [first, second] = [await createTestCa(), await createTestCa()];
    const { source, write, changes, lines } = await setup(first.pem);
    expect(source.current()?.ca.toString()).toBe(first.pem);
    await write(first.pem);
    await write(first.pem + second.pem);
    expect(changes).toEqual([first.pem + second.pem]);
    expect(source.current()?.ca.toString()).toBe(first.pem + second.pem);
    expect(lines).toEqual([['info', 'CA bundle reloaded']]);
  });

  it('A missing authorities file is waited for, with one log line', async () => {
    const { source, write, clock, lines, changes } = await setup();
    await clock.advance(5 * POLL_MS);
    expect(source.current()).toBeUndefined();
    expect(source.fault()).toMatch(/^--ca .*ca\.crt cannot be read/);
    expect(lines).toEqual([['error', 'waiting for a usable CA bundle']]);
    const { pem } = await createTestCa();
    await write(pem);
    expect([source.fault(), changes]).toEqual([undefined, [pem]]);
  });

  it('A broken authorities file leaves the last valid authorities in use, and is read again after its repair', async () => {
    const ca = await createTestCa();
    const { source, write, lines } = await setup(ca.pem);
    const { cert } = await ca.issue();
    for (const text of ['', 'garbage', cert]) {
      await write(text);
      expect(source.fault()).toMatch(/is empty|has no certificate|which is not an authority/);
      expect(source.current()?.ca.toString()).toBe(ca.pem);
    }
    expect(lines).toHaveLength(3);
    await write(ca.pem);
    expect(source.fault()).toBeUndefined();
  });

  it('An authorities file that was removed and is back unchanged has no fault', async () => {
    const { source, clock, file } = await setup((await createTestCa()).pem);
    await rename(file, `${file}.real`);
    await symlink(`${file}.real`, file);
    await clock.advance(POLL_MS);
    await rm(file);
    await clock.advance(POLL_MS);
    expect(source.fault()).toMatch(/cannot be read/);
    await symlink(`${file}.real`, file);
    await clock.advance(POLL_MS);
    expect(source.fault()).toBeUndefined();
  });

  it('The authorities file is no longer watched once the signal aborts', async () => {
    const { clock, stop } = await setup();
    expect(clock.pending).toBe(1);
    stop.abort();
    expect(clock.pending).toBe(0);
  });
});

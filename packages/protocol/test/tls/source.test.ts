import { mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TlsFault, watchTlsFiles } from '@rolegate/protocol';
import type { TlsMaterial } from '@rolegate/protocol';
import { createFakeClock, createTestCa, writeTlsFiles } from '@rolegate/testing';
import type { IssueOptions } from '@rolegate/testing';

const POLL_MS = 3_000;
const HOUR_MS = 3_600_000;

/** A folder like a Secret's volume: the files are links through ..data, which is replaced as a whole. */
async function setup(cert: IssueOptions = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-source-'));
  const ca = await createTestCa();
  const clock = createFakeClock({ nowMs: Date.now() });
  const stop = new AbortController();
  const lines: string[] = [];
  const changes: TlsMaterial[] = [];
  let generation = 0;

  async function swap(next: IssueOptions): Promise<void> {
    const name = `..${String((generation += 1))}`;
    await writeTlsFiles(join(folder, name), { ...(await ca.issue(next)), ca: ca.pem });
    await symlink(name, join(folder, '..next'));
    await rename(join(folder, '..next'), join(folder, '..data'));
  }

  await swap(cert);
  for (const file of ['tls.crt', 'tls.key', 'ca.crt'])
    await symlink(join('..data', file), join(folder, file));
  const files = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key'), ca: join(folder, 'ca.crt') };
  const note = (level: string) => (message: string) => {
    lines.push(`${level}: ${message}`);
  };
  const log = { info: note('info'), error: note('error') };
  const watch = () => {
    const source = watchTlsFiles({ files, purpose: 'server', clock, log, signal: stop.signal });
    source.onChange((material) => changes.push(material));
    return source;
  };
  return {
    folder,
    files,
    ca,
    clock,
    stop,
    lines,
    changes,
    swap,
    watch,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

describe('TLS file watch', () => {
  it('Watching throws at the start if the files are invalid', async () => {
    await using s = await setup();
    await rm(s.files.key);
    expect(s.watch).toThrow(TlsFault);
    expect(s.clock.pending).toBe(0);
  });

  it('A swapped volume is announced once, with the new files', async () => {
    await using s = await setup();
    const source = s.watch();
    const before = source.current();
    await s.swap({});
    await s.clock.advance(POLL_MS);
    expect(source.current().cert.equals(before.cert)).toBe(false);
    expect(s.changes).toEqual([source.current()]);
    await s.clock.advance(10 * POLL_MS);
    expect(s.changes).toHaveLength(1);
  });

  it('Files that are only touched are not announced', async () => {
    await using s = await setup();
    s.watch();
    await utimes(s.files.cert, new Date(0), new Date(0));
    await s.clock.advance(POLL_MS);
    expect(s.changes).toEqual([]);
    expect(s.lines).toEqual([]);
  });

  it('The last good files stay in use while a pair does not match, which is logged once, until it does', async () => {
    await using s = await setup();
    const source = s.watch();
    const good = source.current();
    const next = await s.ca.issue();
    await writeFile(s.files.cert, next.cert); // the key is still the old one
    await s.clock.advance(5 * POLL_MS);
    expect(source.current()).toBe(good);
    expect(s.lines).toEqual(['error: changed certificates rejected']);
    await writeFile(s.files.key, next.key);
    await s.clock.advance(POLL_MS);
    expect(source.current().cert.toString()).toBe(next.cert);
    expect(s.lines.at(-1)).toBe('info: certificates reloaded');
  });

  it('A fault that returns after the old files were restored is logged again', async () => {
    await using s = await setup();
    s.watch();
    const away = join(s.folder, 'away');
    for (let time = 0; time < 2; time += 1) {
      await rename(join(s.folder, '..data'), away);
      await s.clock.advance(POLL_MS);
      await rename(away, join(s.folder, '..data'));
      await s.clock.advance(POLL_MS);
    }
    expect(s.lines.map((line) => line.slice(0, 5))).toEqual(['error', 'error']);
  });

  it('The watch continues after the whole folder was removed', async () => {
    await using s = await setup();
    const source = s.watch();
    await rm(s.folder, { recursive: true });
    await s.clock.advance(POLL_MS);
    expect(s.lines).toHaveLength(1);
    await mkdir(s.folder);
    await writeTlsFiles(s.folder, { ...(await s.ca.issue()), ca: s.ca.pem });
    await s.clock.advance(POLL_MS);
    expect(s.changes).toEqual([source.current()]);
  });

  it('A future certificate is used once it is valid, although no file changes then', async () => {
    await using s = await setup();
    const source = s.watch();
    await s.swap({ notBefore: new Date(Date.now() + HOUR_MS) });
    await s.clock.advance(POLL_MS);
    expect(s.changes).toEqual([]);
    s.clock.jumpWall(2 * HOUR_MS);
    await s.clock.advance(POLL_MS);
    expect(s.changes).toEqual([source.current()]);
  });

  it('The remaining validity of the certificate and the authority is reported, also after a change', async () => {
    await using s = await setup();
    const source = s.watch();
    const ends = Math.floor(Date.now() / 1000) + 7_200;
    await s.swap({ notAfter: new Date(ends * 1000) });
    await s.clock.advance(POLL_MS);
    const now = s.clock.now();
    expect(source.secondsLeft()).toEqual({
      certificate: (ends * 1000 - now) / 1000,
      ca: (source.current().caEndsMs - now) / 1000,
    });
  });

  it('The watch stops when the signal aborts', async () => {
    await using s = await setup();
    s.watch();
    s.stop.abort();
    expect(s.clock.pending).toBe(0);
    await s.swap({});
    await s.clock.advance(POLL_MS);
    expect(s.changes).toEqual([]);
  });

  it('A removed listener is not called', async () => {
    await using s = await setup();
    const told: TlsMaterial[] = [];
    s.watch().onChange((material) => told.push(material))();
    await s.swap({});
    await s.clock.advance(POLL_MS);
    expect(told).toEqual([]);
  });
});

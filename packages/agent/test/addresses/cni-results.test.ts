import { mkdir, mkdtemp, rename, rm, symlink, unlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { systemClock } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import { createCniResultsDir, createFakeClock } from '@rolegate/testing';
import { createCniResults } from '../../src/addresses/cni-results.ts';
import { systemFiles } from '../../src/addresses/result-files.ts';
import type { ResultFiles } from '../../src/addresses/result-files.ts';
import { createTestLog, until } from './known-pods.ts';

const POD = { uid: 'uid-1', namespace: 'shop', name: 'cart', ips: ['10.1.0.7', 'fd00::7'] };
const OTHER = { uid: 'uid-2', namespace: 'shop', name: 'till', ips: ['10.1.0.7'] };

/** Ends what was begun, the last first. */
function lifetime() {
  const stop = new AbortController();
  const running: Promise<void>[] = [];
  return {
    start: (run: (signal: AbortSignal) => Promise<void>) => void running.push(run(stop.signal)),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all(running);
    },
  };
}

async function setup({
  directories,
  files = systemFiles,
  clock = createFakeClock(),
}: { directories?: string[]; files?: ResultFiles; clock?: Clock } = {}) {
  const dir = await createCniResultsDir();
  const log = createTestLog();
  const life = lifetime();
  let bad = 0;
  const metrics = {
    badCniResult: () => {
      bad += 1;
    },
  };
  const results = createCniResults({ directories: directories ?? [dir.path], clock, log, metrics, files });
  const warnings = () => log.lines.filter(([level]) => level === 'warn');
  return {
    dir,
    results,
    warnings,
    bad: () => bad,
    holds: (ip: string) => results.holder(ip)?.uid,
    start: async () => {
      life.start(results.run);
      await results.ready;
    },
    async [Symbol.asyncDispose]() {
      await life[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

describe('CNI results', () => {
  it('are read before it is ready', async () => {
    await using t = await setup();
    await t.dir.add(POD);
    await t.dir.addLoopback(POD);
    expect(t.results.scanned).toBe(false);
    await t.start();
    expect(t.results.scanned).toBe(true);
    expect(t.results.holder('10.1.0.7')).toMatchObject({ uid: 'uid-1', namespace: 'shop', name: 'cart' });
    expect(t.holds('fd00::7')).toBe('uid-1');
    expect(t.holds('127.0.0.1')).toBeUndefined();
    expect(t.results.uids()).toEqual(['uid-1']);
    expect(t.warnings()).toEqual([]);
  });

  it('are noticed as they come and go, without the clock', async () => {
    await using t = await setup();
    await t.start();
    let changes = 0;
    t.results.onChange(() => {
      changes += 1;
    });
    const path = await t.dir.add(POD);
    await until(() => t.holds('10.1.0.7') === 'uid-1');
    await t.dir.remove(path);
    await until(() => t.holds('10.1.0.7') === undefined);
    expect(changes).toBeGreaterThanOrEqual(2);
  });

  it('hand an address over to the newer file', async () => {
    await using t = await setup();
    // The kernel's file times have steps of some milliseconds.
    await utimes(await t.dir.add(POD), 1_000, 1_000);
    await t.start();
    await t.dir.add(OTHER);
    await until(() => t.holds('10.1.0.7') === 'uid-2');
    expect(t.holds('fd00::7')).toBe('uid-1');
  });

  it('of a crash long ago hold nothing that a newer one holds', async () => {
    await using t = await setup();
    await t.dir.add(OTHER);
    await utimes(await t.dir.add(POD), 1_000, 1_000);
    await t.start();
    expect(t.holds('10.1.0.7')).toBe('uid-2');
    expect(t.results.holder('fd00::7')).toMatchObject({ uid: 'uid-1', since: 1_000_000 });
  });

  it('that are half-written are read again, and held when whole', async () => {
    const clock = createFakeClock();
    // The watch is deaf: only reading again can find it.
    const files = { ...systemFiles, watch: () => () => undefined };
    await using t = await setup({ clock, files });
    const half = await t.dir.writeHalf(POD);
    await t.start();
    await half.finish();
    await until(
      () => t.holds('10.1.0.7') === 'uid-1',
      () => clock.advance(100),
    );
    expect(t.warnings()).toEqual([]);
  });

  it('that stay broken are passed over with one line, until they are written anew', async () => {
    const clock = createFakeClock();
    await using t = await setup({ clock });
    await t.dir.writeRaw('podnet-x-eth0', 'not JSON');
    await t.dir.add(POD);
    await t.start();
    await until(
      () => t.bad() > 0,
      () => clock.advance(100),
    );
    for (let second = 0; second < 30; second += 1) await clock.advance(1_000);
    const lines = t.warnings().map(([, message, fields]) => [message, fields]);
    expect(lines).toEqual([
      ['CNI result passed over', { file: `${t.dir.path}/podnet-x-eth0`, error: 'it is not JSON' }],
    ]);
    expect(t.holds('10.1.0.7')).toBe('uid-1');
    await t.dir.add({ ...OTHER, ips: ['10.1.0.8'], network: 'podnet', containerId: 'x' });
    await until(() => t.holds('10.1.0.8') === 'uid-2');
  });

  it('that cannot be read are told once, and tried again', async () => {
    const clock = createFakeClock();
    let broken = true;
    const files: ResultFiles = {
      ...systemFiles,
      read: (path, maxBytes) =>
        broken ? Promise.reject(new Error('EIO: i/o error, read')) : systemFiles.read(path, maxBytes),
    };
    await using t = await setup({ clock, files });
    await t.dir.add(POD);
    await t.start();
    await until(
      () => t.bad() > 0,
      () => clock.advance(100),
    );
    for (let second = 0; second < 60; second += 1) await clock.advance(1_000);
    expect(t.warnings()).toHaveLength(1);
    broken = false;
    await until(
      () => t.holds('10.1.0.7') === 'uid-1',
      () => clock.advance(1_000),
    );
  });

  it('keep what a file held while it is being written anew, and not when it stays broken', async () => {
    const clock = createFakeClock();
    await using t = await setup({ clock });
    const path = await t.dir.add(POD);
    await t.start();
    await writeFile(path, '{"kind"');
    await until(
      () => t.bad() > 0,
      () => clock.advance(100),
    );
    expect(t.holds('10.1.0.7')).toBeUndefined();
  });

  it.each([
    { what: 'a symbolic link', make: (path: string) => symlink('/dev/zero', path) },
    { what: 'a directory', make: (path: string) => mkdir(path).then(() => undefined) },
    { what: 'a file of 2 MB', make: (path: string) => writeFile(path, Buffer.alloc(2_000_000, 32)) },
  ])('pass over $what', async ({ make }) => {
    await using t = await setup();
    await make(join(t.dir.path, 'podnet-x-eth0'));
    await t.dir.add(POD);
    await t.start();
    expect(t.results.uids()).toEqual(['uid-1']);
  });

  it('do not follow a symbolic link to a result elsewhere', async () => {
    await using elsewhere = await createCniResultsDir();
    await using t = await setup();
    await symlink(await elsewhere.add(POD), join(t.dir.path, 'podnet-x-eth0'));
    await t.start();
    expect(t.holds('10.1.0.7')).toBeUndefined();
    expect(t.warnings()).toEqual([]);
  });

  it('come from several directories', async () => {
    await using other = await createCniResultsDir();
    await using dir = await createCniResultsDir();
    await using t = await setup({ directories: [dir.path, other.path, '/nonexistent/results'] });
    await dir.add(POD);
    await other.add({ ...OTHER, ips: ['10.1.0.8'] });
    await t.start();
    expect([t.holds('10.1.0.7'), t.holds('10.1.0.8')]).toEqual(['uid-1', 'uid-2']);
    expect(t.results.states()).toEqual({
      [dir.path]: 'ok',
      [other.path]: 'ok',
      '/nonexistent/results': 'missing',
    });
  });

  it('are read of the newest 4,096 files, with one line about it', async () => {
    const clock = createFakeClock();
    const names = Array.from({ length: 5_000 }, (_, at) => `f${at}`);
    const text = (at: number) =>
      JSON.stringify({
        kind: 'cniCacheV1',
        ifName: 'eth0',
        cniArgs: [['K8S_POD_UID', `uid-${at}`]],
        result: { ips: [{ address: `10.1.${at >> 8}.${at & 255}/16` }] },
      });
    const stampOf = (path: string) => ({ mtimeNs: BigInt(path.split('/f').at(-1) ?? 0), version: path });
    const files: ResultFiles = {
      ...systemFiles,
      list: () => Promise.resolve(names),
      stamp: (path) => Promise.resolve(stampOf(path)),
      read: (path) => Promise.resolve({ ...stampOf(path), text: text(Number(stampOf(path).mtimeNs)) }),
    };
    await using t = await setup({ files, clock });
    await t.start();
    expect(t.results.uids()).toHaveLength(4_096);
    expect(t.results.uids()).not.toContain('uid-903');
    expect(t.results.uids()).toContain('uid-904');
    await clock.advance(1_000);
    expect(t.warnings()).toHaveLength(1);
  });
});

describe('the directory of CNI results', () => {
  it('may come later', async () => {
    const clock = createFakeClock();
    const parent = await mkdtemp(join(tmpdir(), 'cni-'));
    const directory = join(parent, 'results');
    await using t = await setup({ directories: [directory], clock });
    await t.start();
    expect(t.results.usable()).toBe(false);
    expect(t.results.states()).toEqual({ [directory]: 'missing' });
    await rename(t.dir.path, directory);
    await until(
      () => t.results.usable(),
      () => clock.advance(1_000),
    );
    await rename(directory, t.dir.path);
    await until(
      () => !t.results.usable(),
      () => clock.advance(1_000),
    );
    await t.dir.add(POD);
    await rename(t.dir.path, directory);
    await until(
      () => t.holds('10.1.0.7') === 'uid-1',
      () => clock.advance(1_000),
    );
    await rm(parent, { recursive: true });
    await until(
      () => !t.results.usable(),
      () => clock.advance(1_000),
    );
    expect(t.holds('10.1.0.7')).toBeUndefined();
  });

  it('may be replaced by another one, whose files count from then on', async () => {
    const clock = createFakeClock();
    await using t = await setup({ clock });
    await t.dir.add(POD);
    await t.start();
    await rename(t.dir.path, `${t.dir.path}.old`);
    await mkdir(t.dir.path);
    await t.dir.add({ ...OTHER, ips: ['10.1.0.8'] });
    await until(
      () => t.holds('10.1.0.8') === 'uid-2',
      () => clock.advance(1_000),
    );
    expect(t.holds('10.1.0.7')).toBeUndefined();
    await t.dir.add({ ...OTHER, uid: 'uid-3', ips: ['10.1.0.9'] });
    await until(() => t.holds('10.1.0.9') === 'uid-3');
  });

  it('says so where it cannot be read, and takes it up when it can', async () => {
    const clock = createFakeClock();
    let closed = true;
    const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    const files: ResultFiles = {
      ...systemFiles,
      list: (path) => (closed ? Promise.reject(denied) : systemFiles.list(path)),
    };
    await using t = await setup({ files, clock });
    await t.dir.add(POD);
    await t.start();
    await clock.advance(3_000);
    expect(t.results.states()).toEqual({ [t.dir.path]: 'unreadable' });
    expect(t.results.usable()).toBe(false);
    expect(t.warnings()).toHaveLength(1);
    closed = false;
    await until(
      () => t.holds('10.1.0.7') === 'uid-1',
      () => clock.advance(1_000),
    );
    expect(t.results.usable()).toBe(true);
  });

  it('is looked through every 200 ms where it cannot be watched, with one line about it', async () => {
    const clock = createFakeClock();
    const files: ResultFiles = {
      ...systemFiles,
      watch: () => {
        throw new Error('EMFILE: too many open files, watch');
      },
    };
    await using t = await setup({ files, clock });
    await t.start();
    const path = await t.dir.add(POD);
    await until(
      () => t.holds('10.1.0.7') === 'uid-1',
      () => clock.advance(200),
    );
    await unlink(path);
    await until(
      () => t.holds('10.1.0.7') === undefined,
      () => clock.advance(200),
    );
    expect(t.warnings().map(([, message]) => message)).toEqual(['CNI results directory is not watched']);
  });

  it('is looked through now and then in case its watch has missed something', async () => {
    const clock = createFakeClock();
    await using t = await setup({ files: { ...systemFiles, watch: () => () => undefined }, clock });
    await t.start();
    const path = await t.dir.add(POD);
    await until(
      () => t.holds('10.1.0.7') === 'uid-1',
      () => clock.advance(1_000),
    );
    await t.dir.remove(path);
    await until(
      () => t.holds('10.1.0.7') === undefined,
      () => clock.advance(1_000),
    );
  });

  it('is watched anew when its watch is lost', async () => {
    const clock = createFakeClock();
    let lose: ((error: unknown) => void) | undefined;
    const files: ResultFiles = {
      ...systemFiles,
      watch(directory, changed, lost) {
        lose = lost;
        return systemFiles.watch(directory, changed, lost);
      },
    };
    await using t = await setup({ files, clock });
    await t.start();
    lose?.(new Error('EIO'));
    await clock.advance(1_000);
    await t.dir.add(POD);
    await until(() => t.holds('10.1.0.7') === 'uid-1');
  });

  it('takes 200 results that come at once, and each soon after it came', async () => {
    await using t = await setup({ clock: systemClock });
    await t.start();
    const many = Array.from({ length: 200 }, (_, at) => ({
      ...POD,
      uid: `uid-${at}`,
      ips: [`10.2.0.${at}`],
    }));
    await Promise.all(many.map((pod) => t.dir.add(pod)));
    await until(() => many.every(({ uid, ips }) => t.holds(ips[0] ?? '') === uid));
    expect(t.bad()).toBe(0);
  });
});

import {
  appendFile,
  mkdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCniResultsDir, createFakeClock } from '@rolegate/testing';
import { systemFiles } from '../../src/addresses/cni-files/result-files.ts';
import type { ResultFiles } from '../../src/addresses/cni-files/result-files.ts';
import { until } from './known-pods.ts';

import { OTHER, POD, setup } from './cni-results-setup.ts';

describe('CNI results', () => {
  it('CNI results are published as they appear and disappear, with the state of their directories', async () => {
    await using t = await setup();
    const events: object[] = [];
    t.results.tap.on((event) => void events.push(event));
    await t.start();
    const file = await t.dir.add(POD);
    await until(() => t.owns('10.1.0.7') === 'uid-1');
    expect(t.results.ips()).toEqual(POD.ips);
    const stamp = { mtimeNs: expect.any(BigInt), createdNs: expect.any(BigInt) };
    const result = { kind: 'result', file, result: POD, lost: [], unreadable: false, ...stamp };
    const directories = { kind: 'directories', states: { [t.dir.path]: 'ok' } };
    expect(t.results.tap.snapshot()).toEqual([directories, result]);
    await t.dir.remove(file);
    await until(() => t.owns('10.1.0.7') === undefined);
    expect(t.results.tap.snapshot()).toEqual([directories, { kind: 'returned', pod: 'uid-1' }]);
    // A half-written file may be read several times.
    const kinds = events.map((event) => ('kind' in event ? event.kind : ''));
    expect([...new Set(kinds)]).toEqual(['directories', 'result', 'freed']);
    expect(events).toContainEqual(result);
  });

  it('CNI results are ready only once the existing files are read', async () => {
    await using t = await setup();
    await t.dir.add(POD);
    await t.dir.addLoopback(POD);
    expect(t.results.scanned).toBe(false);
    await t.start();
    expect(t.results.scanned).toBe(true);
    expect(t.results.owner('10.1.0.7')).toMatchObject({ uid: 'uid-1', namespace: 'shop', name: 'cart' });
    expect(t.owns('fd00::7')).toBe('uid-1');
    expect(t.owns('127.0.0.1')).toBeUndefined();
    expect(t.results.uids()).toEqual(['uid-1']);
    expect(t.warnings()).toEqual([]);
  });

  it('CNI results are noticed as they appear and disappear, without polling', async () => {
    await using t = await setup();
    await t.start();
    let changes = 0;
    t.results.onChange(() => {
      changes += 1;
    });
    const path = await t.dir.add(POD);
    await until(() => t.owns('10.1.0.7') === 'uid-1');
    await t.dir.remove(path);
    await until(() => t.owns('10.1.0.7') === undefined);
    expect(changes).toBeGreaterThanOrEqual(2);
  });

  it('The newest file takes over an address, whatever the date of the previous one', async () => {
    await using t = await setup();
    const former = await t.dir.add(POD);
    await t.start();
    const events: object[] = [];
    t.results.tap.on((event) => void events.push(event));
    const next = await t.dir.add(OTHER);
    await until(() => t.owns('10.1.0.7') === 'uid-2');
    // Subscribers learn of the loss first, so that two Pods never own the address.
    expect(events).toMatchObject([
      { file: former, result: { ips: ['fd00::7'] }, lost: ['10.1.0.7'] },
      { file: next, result: { ips: ['10.1.0.7'] }, lost: [] },
    ]);
    await utimes(former, 4_000_000_000, 4_000_000_000);
    await until(() => events.length > 2);
    expect([t.owns('10.1.0.7'), t.owns('fd00::7')]).toEqual(['uid-2', 'uid-1']);
  });

  it('A CNI result is dated by when its file was created, not by its modification time', async () => {
    await using t = await setup();
    const path = await t.dir.add(POD);
    await utimes(path, 1_000, 1_000);
    await t.start();
    const { birthtimeMs } = await stat(path);
    expect(t.results.owner('fd00::7')?.since).toBe(Math.floor(birthtimeMs));
  });

  it('A half-written result is read again, and counts once it is whole', async () => {
    const clock = createFakeClock();
    // The watch reports nothing: only rereading finds the change.
    const files = { ...systemFiles, watch: () => () => undefined };
    await using t = await setup({ clock, files });
    const half = await t.dir.writeHalf(POD);
    await t.start();
    await half.finish();
    await until(
      () => t.owns('10.1.0.7') === 'uid-1',
      () => clock.advance(100),
    );
    expect(t.warnings()).toEqual([]);
  });

  it('A result that stays broken is skipped with one log line until it is written again', async () => {
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
    expect(t.warnings()).toMatchObject([
      [
        'warn',
        'cannot read CNI result',
        { file: `${t.dir.path}/podnet-x-eth0`, error: 'not a JSON object', hint: expect.any(String) },
      ],
    ]);
    expect(t.owns('10.1.0.7')).toBe('uid-1');
    await t.dir.add({ ...OTHER, ips: ['10.1.0.8'], network: 'podnet', containerId: 'x' });
    await until(() => t.owns('10.1.0.8') === 'uid-2');
  });

  it('A result that cannot be read is reported once, and tried again', async () => {
    const clock = createFakeClock();
    let broken = true;
    let reads = 0;
    const files: ResultFiles = {
      ...systemFiles,
      read(...args) {
        reads += 1;
        return broken ? Promise.reject(new Error('EIO: i/o error, read')) : systemFiles.read(...args);
      },
    };
    await using t = await setup({ clock, files });
    await t.dir.add(POD);
    await t.start();
    await until(
      () => reads >= 8,
      () => clock.advance(1_000),
    );
    expect(t.warnings()).toHaveLength(1);
    broken = false;
    await until(
      () => t.owns('10.1.0.7') === 'uid-1',
      () => clock.advance(1_000),
    );
  });

  it('A result stays valid while its file is rewritten, and its address becomes unknown if the file stays broken', async () => {
    const clock = createFakeClock();
    await using t = await setup({ clock });
    const path = await t.dir.add(POD);
    await t.start();
    await writeFile(path, '{"kind"');
    await clock.advance(0);
    expect(t.owns('10.1.0.7')).toBe('uid-1');
    await until(
      () => t.bad() > 0,
      () => clock.advance(100),
    );
    expect([t.owns('10.1.0.7'), t.results.unreadableAt('10.1.0.7')]).toEqual([undefined, path]);
    expect(t.results.ips()).toEqual(POD.ips);
  });

  it('A result file of 8 MiB is read, and a larger one is not', async () => {
    await using t = await setup();
    const path = await t.dir.add(POD);
    const text = await readFile(path);
    await truncate(path, 0);
    await writeFile(path, Buffer.concat([text, Buffer.alloc(8 * 1024 * 1024 - text.length, ' ')]));
    await t.start();
    expect(t.owns('10.1.0.7')).toBe('uid-1');
    await appendFile(path, ' ');
    await until(() => t.owns('10.1.0.7') === undefined);
    expect(t.results.unreadableAt('10.1.0.7')).toBe(path);
  });

  it.each([
    { what: 'a symbolic link', make: (path: string) => symlink('/dev/zero', path) },
    { what: 'a directory', make: (path: string) => mkdir(path).then(() => undefined) },
    { what: 'a file of 9 MB', make: (path: string) => writeFile(path, Buffer.alloc(9_000_000, 32)) },
  ])('CNI results are not read from $what', async ({ make }) => {
    await using t = await setup();
    await make(join(t.dir.path, 'podnet-x-eth0'));
    await t.dir.add(POD);
    await t.start();
    expect(t.results.uids()).toEqual(['uid-1']);
  });

  it('A symbolic link to a result elsewhere is not followed', async () => {
    await using elsewhere = await createCniResultsDir();
    await using t = await setup();
    await symlink(await elsewhere.add(POD), join(t.dir.path, 'podnet-x-eth0'));
    await t.start();
    expect(t.owns('10.1.0.7')).toBeUndefined();
    expect(t.warnings()).toEqual([]);
  });

  it('CNI results are read from several directories', async () => {
    await using other = await createCniResultsDir();
    await using dir = await createCniResultsDir();
    await using t = await setup({ directories: [dir.path, other.path, '/nonexistent/results'] });
    await dir.add(POD);
    await other.add({ ...OTHER, ips: ['10.1.0.8'] });
    await t.start();
    expect([t.owns('10.1.0.7'), t.owns('10.1.0.8')]).toEqual(['uid-1', 'uid-2']);
    expect(t.results.states()).toEqual({
      [dir.path]: 'ok',
      [other.path]: 'ok',
      '/nonexistent/results': 'missing',
    });
  });

  it('At the start, the file created last in any of several directories has the address', async () => {
    await using other = await createCniResultsDir();
    await using dir = await createCniResultsDir();
    const createdNs = async (path: string) => (await systemFiles.stamp(path))?.createdNs ?? 0n;
    const former = await createdNs(await other.add(POD));
    // The kernel's file times have steps of some milliseconds.
    for (let latest = former; latest === former; latest = await createdNs(await dir.add(OTHER)))
      await rm(dir.path, { recursive: true }).then(() => mkdir(dir.path));
    await using t = await setup({ directories: [dir.path, other.path] });
    await t.start();
    expect([t.owns('10.1.0.7'), t.owns('fd00::7')]).toEqual(['uid-2', 'uid-1']);
  });

  it('Addresses of a missing directory are not released because another directory is read', async () => {
    await using dir = await createCniResultsDir();
    await using other = await createCniResultsDir();
    const directories = [dir.path, other.path];
    await using before = await setup({ directories });
    await other.add(POD);
    await before.start();
    await rename(other.path, `${other.path}.away`);
    await using t = await setup({ directories, kept: { claims: before.results.kept(), named: [] } });
    await t.start();
    const says = t.results.says({ ...POD, runtimeUid: '' }, '10.1.0.7');
    expect([t.owns('10.1.0.7'), says]).toEqual([undefined, 'own']);
  });

  it('An address is reported as freed if its file no longer names a Pod', async () => {
    await using t = await setup();
    const path = await t.dir.add(POD);
    await t.start();
    const events: object[] = [];
    t.results.tap.on((event) => void events.push(event));
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replaceAll('K8S_POD_', 'OTHER_'));
    await until(() => t.owns('10.1.0.7') === undefined);
    expect(events.at(-1)).toEqual({ kind: 'freed', file: path });
  });

  it('Only the newest 4,096 files are read, and one line says so', async () => {
    const clock = createFakeClock();
    const names = Array.from({ length: 5_000 }, (_, at) => `f${at}`);
    const text = (at: number) =>
      JSON.stringify({
        kind: 'cniCacheV1',
        ifName: 'eth0',
        cniArgs: [['K8S_POD_UID', `uid-${at}`]],
        result: { ips: [{ address: `10.1.${at >> 8}.${at & 255}/16` }] },
      });
    const stampOf = (path: string) => ({
      mtimeNs: 0n,
      createdNs: BigInt(path.split('/f').at(-1) ?? 0),
      version: path,
    });
    const files: ResultFiles = {
      ...systemFiles,
      list: () => Promise.resolve(names),
      stamp: (path) => Promise.resolve(stampOf(path)),
      read(path, _mostBytes, take) {
        take(Buffer.from(text(Number(stampOf(path).createdNs))));
        return Promise.resolve({ ...stampOf(path), outcome: 'whole' });
      },
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

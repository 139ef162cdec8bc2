import { mkdir, mkdtemp, rename, rm, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { systemFiles } from '../../../src/addresses/cni-files/result-files.ts';
import type { ResultFiles } from '../../../src/addresses/cni-files/result-files.ts';
import { until } from '../known-pods.ts';

import { OTHER, POD, setup } from '../cni-results-setup.ts';

describe('CNI results directory', () => {
  it('The directory can appear, disappear and reappear at any time', async () => {
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
      () => t.owns('10.1.0.7') === 'uid-1',
      () => clock.advance(1_000),
    );
    await rm(parent, { recursive: true });
    await until(
      () => !t.results.usable(),
      () => clock.advance(1_000),
    );
    expect(t.owns('10.1.0.7')).toBeUndefined();
  });

  it('If the directory is replaced, only the files of the new one count', async () => {
    const clock = createFakeClock();
    await using t = await setup({ clock });
    await t.dir.add(POD);
    await t.start();
    await rename(t.dir.path, `${t.dir.path}.old`);
    await mkdir(t.dir.path);
    await t.dir.add({ ...OTHER, ips: ['10.1.0.8'] });
    await until(
      () => t.owns('10.1.0.8') === 'uid-2',
      () => clock.advance(1_000),
    );
    expect(t.owns('10.1.0.7')).toBeUndefined();
    await t.dir.add({ ...OTHER, uid: 'uid-3', ips: ['10.1.0.9'] });
    await until(() => t.owns('10.1.0.9') === 'uid-3');
  });

  it('A directory that cannot be read is reported once, and used as soon as it can be read', async () => {
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
      () => t.owns('10.1.0.7') === 'uid-1',
      () => clock.advance(1_000),
    );
    expect(t.results.usable()).toBe(true);
  });

  it('A directory that cannot be watched is scanned every 200 ms, and one line says so', async () => {
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
      () => t.owns('10.1.0.7') === 'uid-1',
      () => clock.advance(200),
    );
    await unlink(path);
    await until(
      () => t.owns('10.1.0.7') === undefined,
      () => clock.advance(200),
    );
    expect(t.warnings().map(([, message]) => message)).toEqual(['cannot watch CNI results directory']);
  });

  it('The directory is rescanned periodically in case its watch has missed something', async () => {
    const clock = createFakeClock();
    await using t = await setup({ files: { ...systemFiles, watch: () => () => undefined }, clock });
    await t.start();
    const path = await t.dir.add(POD);
    await until(
      () => t.owns('10.1.0.7') === 'uid-1',
      () => clock.advance(1_000),
    );
    await t.dir.remove(path);
    await until(
      () => t.owns('10.1.0.7') === undefined,
      () => clock.advance(1_000),
    );
  });

  it('The directory is watched again after its watch is lost', async () => {
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
    await until(() => t.owns('10.1.0.7') === 'uid-1');
  });

  it('200 results that arrive at once are all read, and none is treated as broken', async () => {
    await using t = await setup({ clock: systemClock });
    await t.start();
    const many = Array.from({ length: 200 }, (_, at) => ({
      ...POD,
      uid: `uid-${at}`,
      ips: [`10.2.0.${at}`],
    }));
    await Promise.all(many.map((pod) => t.dir.add(pod)));
    await until(() => many.every(({ uid, ips }) => t.owns(ips[0] ?? '') === uid));
    expect(t.bad()).toBe(0);
  });
});

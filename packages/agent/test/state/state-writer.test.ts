import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { stateIn } from '../../src/state/file-format.ts';
import { createStateWriter } from '../../src/state/state-writer.ts';
import { createTestLog } from '../addresses/known-pods.ts';

/** A writer to memory. `disk.text`: what another process would read now. */
function setup() {
  const clock = createFakeClock();
  const log = createTestLog();
  const disk = { text: undefined as string | undefined, writes: 0, full: false, readOnly: false };
  const said = { state: 'one' };
  const writer = createStateWriter({
    directory: {
      file: '/state/file',
      write(content) {
        if (disk.full || disk.readOnly) throw new Error('ENOSPC: no space left on device');
        disk.text = stateIn(content);
        disk.writes += 1;
      },
      remove() {
        if (disk.readOnly) throw new Error('EROFS: read-only file system');
        disk.text = undefined;
      },
    },
    state: () => said.state,
    clock,
    log,
  });
  const told = () => log.lines.map(([level, message]) => [level, message]);
  return { clock, log, disk, said, writer, told };
}

describe('Added state', () => {
  it('Added state is written once, together with what is added soon after', async () => {
    const { clock, disk, said, writer } = setup();
    writer.added();
    await clock.advance(199);
    said.state = 'two';
    writer.added();
    expect(disk.writes).toBe(0);
    await clock.advance(1);
    expect([disk.text, disk.writes]).toEqual(['two', 1]);
    await clock.advance(10_000);
    expect(disk.writes).toBe(1);
  });

  it('State that is added all the time is written about once a second', async () => {
    const { clock, disk, said, writer } = setup();
    for (let change = 0; change < 600; change += 1) {
      said.state = `state ${change}`;
      writer.added();
      await clock.advance(100);
    }
    expect(disk.writes).toBeGreaterThan(60);
    expect(disk.writes).toBeLessThanOrEqual(70);
  });

  it('State that is the same as before is not written again', async () => {
    const { clock, disk, writer } = setup();
    writer.write();
    writer.added();
    await clock.advance(200);
    writer.write();
    expect(disk.writes).toBe(1);
  });

  it('State added after the writer is closed is not written', async () => {
    const { clock, disk, said, writer } = setup();
    writer.write();
    writer.added();
    writer.close();
    said.state = 'two';
    writer.added();
    await clock.advance(10_000);
    expect(disk.text).toBe('one');
  });
});

describe('Withdrawn state', () => {
  it('Withdrawn state is off the disk when the call returns, and the new state is written right after', async () => {
    const { disk, said, writer } = setup();
    writer.write();
    said.state = 'two';
    writer.withdrawn();
    expect(disk.text).toBeUndefined();
    await setImmediate();
    expect(disk.text).toBe('two');
  });

  it('Withdrawals of one moment are written once', async () => {
    const { disk, said, writer } = setup();
    writer.write();
    for (let at = 0; at < 100; at += 1) {
      said.state = `state ${at}`;
      writer.withdrawn();
    }
    await setImmediate();
    expect([disk.text, disk.writes]).toEqual(['state 99', 2]);
  });

  it('In a storm each withdrawal takes effect at once, and state is written once a second', async () => {
    const { clock, disk, said, writer } = setup();
    for (let change = 0; change < 200; change += 1) {
      said.state = `state ${change}`;
      writer.withdrawn();
      expect(disk.text).toBeUndefined();
      await setImmediate();
      await clock.advance(50);
    }
    expect(disk.writes).toBeGreaterThanOrEqual(19);
    expect(disk.writes).toBeLessThanOrEqual(20);
    await clock.advance(1_000);
    expect(disk.text).toBe('state 199');
  });

  it('State written between two withdrawals of one moment is removed too', async () => {
    const { disk, said, writer } = setup();
    writer.withdrawn();
    writer.write();
    said.state = 'two';
    writer.withdrawn();
    expect(disk.text).toBeUndefined();
    await setImmediate();
    expect(disk.text).toBe('two');
  });

  it('Withdrawn state is removed even if nothing can be written', async () => {
    const { disk, writer } = setup();
    writer.write();
    disk.full = true;
    writer.withdrawn();
    await setImmediate();
    expect(disk.text).toBeUndefined();
  });

  it('Withdrawals still take effect after the writer is closed', async () => {
    const { disk, said, writer } = setup();
    writer.write();
    writer.close();
    said.state = 'two';
    writer.withdrawn();
    await setImmediate();
    expect(disk.text).toBe('two');
  });
});

describe('Full disk', () => {
  it('A full disk is logged once, writing is tried again, and recovery is logged', async () => {
    const { clock, disk, writer, told } = setup();
    disk.full = true;
    writer.write();
    for (let at = 0; at < 10; at += 1) {
      writer.added();
      await clock.advance(5_000);
    }
    expect(told()).toEqual([['warn', 'state write failed']]);
    disk.full = false;
    await clock.advance(5_000);
    expect(disk.text).toBe('one');
    expect(told()).toEqual([
      ['warn', 'state write failed'],
      ['info', 'state write recovered'],
    ]);
    disk.full = true;
    writer.withdrawn();
    await setImmediate();
    expect(told()).toHaveLength(3);
  });

  it('A disk that allows no removal either is logged, and causes no exception', async () => {
    const { disk, writer, told } = setup();
    writer.write();
    disk.readOnly = true;
    writer.withdrawn();
    await setImmediate();
    expect(told()).toEqual([['warn', 'state write failed']]);
  });
});

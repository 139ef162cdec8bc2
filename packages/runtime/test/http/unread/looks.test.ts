import { describe, expect, it } from 'vitest';
import { LIMITS, startUnread } from './setup.ts';

const { perConnection } = LIMITS;

describe('Reading of send queues', () => {
  it('The send queues are not read while little is unread', async () => {
    const t = startUnread();
    for (let count = 0; count < 20; count += 1) t.send(t.connect('a1'), perConnection);
    await t.clock.advance(10_000);
    expect(t.looks).toEqual([]);
    expect(t.clock.pending).toBe(0);
  });

  it('The send queues are read 4 times a second for a connection that may have too much unread, until it has read', async () => {
    const t = startUnread();
    const reader = t.connect('a1');
    const sendSome = () => {
      for (let answer = 0; answer < 3; answer += 1) t.send(reader, 50);
      t.read(reader);
    };
    sendSome();
    await t.clock.advance(1);
    expect(t.looks).toEqual(['ipv4']);
    expect(reader.unread).toBe(0);
    sendSome();
    await t.clock.advance(248);
    expect(t.looks).toHaveLength(1);
    await t.clock.advance(10_000);
    expect(t.looks).toHaveLength(2);
    expect(t.resets).toEqual([]);
  });

  it('Only the tables of address families that may have unread data are read', async () => {
    const t = startUnread();
    t.send(t.connect('a1', '::ffff:198.18.0.1'), perConnection + 1);
    await t.clock.advance(1);
    expect(t.looks).toEqual(['ipv6']);
    t.send(t.connect('a1'), perConnection + 1);
    await t.clock.advance(300);
    expect(t.looks).toEqual(['ipv6', 'ipv4', 'ipv6']);
  });

  it('A connection that leaves more than its limit of several answers unread is reset', async () => {
    const t = startUnread();
    const reader = t.connect('a1');
    const sluggard = t.connect('a1');
    for (const connection of [reader, sluggard])
      for (let answer = 0; answer < 5; answer += 1) t.send(connection, 60);
    t.read(reader, 60);
    t.read(sluggard, perConnection + 1);
    await t.clock.advance(300);
    expect(t.resets).toEqual([sluggard]);
    expect(reader.unread).toBe(60);
  });

  it('A connection can leave one whole answer unread, however large', async () => {
    const t = startUnread();
    const reader = t.connect('a1');
    t.send(reader, 50);
    t.send(reader, 1_000);
    t.read(reader, 1_000);
    await t.clock.advance(300);
    expect(t.resets).toEqual([]);
    expect(reader.unread).toBe(1_000);
  });

  it('Data written while the send queues are read is counted as unread', async () => {
    const t = startUnread();
    t.setLookMs(100);
    const reader = t.connect('a1');
    t.send(reader, perConnection + 1);
    await t.clock.advance(50);
    t.read(reader);
    t.send(reader, 70);
    await t.clock.advance(60);
    // What the look saw, and what has been written since. At any time it had one answer unread.
    expect(reader.unread).toBe(perConnection + 1 + 70);
    await t.clock.advance(6_000);
    expect(reader.unread).toBe(70);
    expect(t.resets).toEqual([]);
  });

  it('The send queues are read again for data that was written while they were read', async () => {
    const t = startUnread();
    t.setLookMs(100);
    const [first, second] = [t.connect('a1'), t.connect('b1')];
    t.send(first, perConnection + 1);
    await t.clock.advance(50);
    for (let answer = 0; answer < 5; answer += 1) t.send(second, 60);
    t.read(first);
    await t.clock.advance(6_000);
    expect(t.resets).toEqual([second]);
  });

  it('The send queues are read at most a quarter of the time', async () => {
    const t = startUnread();
    t.setLookMs(1_000);
    const reader = t.connect('a1');
    t.send(reader, 1_000);
    await t.clock.advance(60_000);
    expect(t.looks.length).toBeLessThanOrEqual(13);
    expect(t.looks.length).toBeGreaterThan(5);
  });

  it('The send queues are read at most a fiftieth of the time if no client is near its limit', async () => {
    const t = startUnread();
    t.setLookMs(20);
    const reader = t.connect('a1');
    for (let ms = 0; ms < 20_000; ms += 100) {
      t.send(reader, perConnection + 1);
      t.read(reader);
      await t.clock.advance(100);
    }
    expect(t.looks.length).toBeLessThanOrEqual(21);
    expect(t.looks.length).toBeGreaterThan(15);
  });

  it('The send queues are read again after at most five seconds, however long the last reading took', async () => {
    const t = startUnread();
    t.setLookMs(600_000);
    t.send(t.connect('a1'), 1_000);
    await t.clock.advance(600_000);
    expect(t.looks).toHaveLength(1);
    await t.clock.advance(5_000);
    expect(t.looks).toHaveLength(2);
  });
});

import { describe, expect, it } from 'vitest';
import { LIMITS, startUnread } from './setup.ts';

const { perClient } = LIMITS;

describe('Leftovers', () => {
  it('A closed connection counts for its client, even when that comes again, until its unread data is read', async () => {
    const t = startUnread();
    const left = t.connect('a1');
    while (t.unread.mayAnswer(left)) t.send(left, 60);
    t.read(left, perClient);
    t.close(left);
    t.forget('a1');
    const again = t.connect('a1');
    expect(left.unread).toBe(0);
    expect(t.unread.mayAnswer(again)).toBe(false);
    await t.clock.advance(5_000);
    expect(t.lookedTimes()).toBeGreaterThan(0);
    expect(t.unread.mayAnswer(again)).toBe(false);
    t.read(left);
    await t.clock.advance(1_000);
    t.unread.mayAnswer(again);
    await t.clock.advance(1_000);
    expect(t.unread.mayAnswer(again)).toBe(true);
    expect(t.resets).toEqual([]);
  });

  it('The send queues are read less and less often for a closed connection that stays unread', async () => {
    const t = startUnread();
    const left = t.connect('a1');
    while (t.unread.mayAnswer(left)) t.send(left, 60);
    t.close(left);
    const again = t.connect('a1');
    for (let ms = 0; ms < 10_000; ms += 10) {
      t.unread.mayAnswer(again);
      await t.clock.advance(10);
    }
    expect(t.looks.length).toBeLessThan(20);
    expect(t.looks.length).toBeGreaterThan(8);
  });

  it('Closed connections are forgotten without reading the send queues if hardly any can have left data', async () => {
    const t = startUnread({ perConnection: 1_000_000, perClient: 1_000_000, total: 1_000_000 });
    for (let count = 0; count < 1_025; count += 1) {
      const connection = t.connect('a1');
      t.send(connection, 1);
      t.read(connection);
      t.close(connection);
    }
    await t.clock.advance(100);
    expect(t.orphanCounts()).toBe(0);
    t.send(t.connect('a1'), 1);
    await t.clock.advance(100);
    expect(t.orphanCounts()).toBe(1);
    t.send(t.connect('a1'), 1);
    await t.clock.advance(10_000);
    expect(t.orphanCounts()).toBe(1);
    expect(t.looks).toEqual([]);
  });

  it('A connection closed while earlier ones are found to be read is not looked for', async () => {
    const t = startUnread({ perConnection: 1_000_000, perClient: 1_000_000, total: 1_000_000 });
    t.setCountMs(10);
    const closeOne = () => {
      const connection = t.connect('a1');
      t.send(connection, 1);
      t.read(connection);
      t.close(connection);
    };
    for (let count = 0; count < 1_025; count += 1) closeOne();
    t.send(t.connect('a1'), 1);
    await t.clock.advance(5);
    closeOne();
    await t.clock.advance(10_000);
    expect(t.orphanCounts()).toBe(1);
    expect(t.looks).toEqual([]);
  });

  it("The send queues are read if enough connections have left data that this server's may be among them", async () => {
    const t = startUnread();
    t.setForeignOrphans(24);
    const closeWith = (bytes: number) => {
      const connection = t.connect('a1');
      t.send(connection, bytes);
      t.read(connection);
      t.close(connection);
    };
    for (let sent = 0; sent <= perClient / 2; sent += 33) closeWith(33);
    t.send(t.connect('a1'), 1);
    await t.clock.advance(100);
    // For 24 connections, 33 bytes each are almost nothing and 34 are not.
    expect(t.looks).toEqual([]);
    for (let sent = 0; sent <= perClient / 2; sent += 34) closeWith(34);
    t.send(t.connect('a1'), 1);
    await t.clock.advance(100);
    expect(t.looks).toEqual(['ipv4']);
  });

  it('A connection closed while orphans are counted is not among those, and still counts', async () => {
    const t = startUnread();
    t.setCountMs(100);
    const read = t.connect('a1');
    t.send(read, 1);
    t.read(read);
    t.close(read);
    const left = t.connect('a1');
    while (t.unread.mayAnswer(left)) t.send(left, 60);
    await t.clock.advance(50);
    t.close(left);
    await t.clock.advance(60);
    expect(t.unread.mayAnswer(t.connect('a1'))).toBe(false);
  });

  it('A connection closed while the send queues are read is not reset, and still counts', async () => {
    const t = startUnread();
    t.setLookMs(100);
    const left = t.connect('a1');
    while (t.unread.mayAnswer(left)) t.send(left, 60);
    await t.clock.advance(50);
    t.close(left);
    await t.clock.advance(100);
    expect(t.resets).toEqual([]);
    expect(left.unread).toBe(0);
    expect(t.unread.mayAnswer(t.connect('a1'))).toBe(false);
  });
});

import { describe, expect, it } from 'vitest';
import { LIMITS, startUnread } from './setup.ts';

const { perConnection, perClient, total } = LIMITS;

describe('Unread data', () => {
  it('A client at its unread limit waits until the send queues are read, and is answered if it has read', async () => {
    const t = startUnread();
    const reader = t.connect('a1');
    const others = t.connect('a1');
    while (t.unread.mayAnswer(reader)) t.send(reader, 50);
    expect(reader.unread).toBe(perClient);
    expect(t.unread.mayAnswer(others)).toBe(false);
    expect(t.unread.mayAnswer(t.connect('a2'))).toBe(true);
    t.read(reader);
    await t.clock.advance(60);
    expect(t.lookedTimes()).toBe(1);
    expect(t.unread.mayAnswer(reader)).toBe(true);
  });

  it('The send queues are read before a client has to wait, although none of its connections has much unread', async () => {
    const t = startUnread();
    const readers = Array.from({ length: 40 }, () => t.connect('a1'));
    for (const reader of readers) {
      t.send(reader, perConnection);
      t.read(reader);
    }
    expect(t.unread.mayAnswer(t.connect('a1'))).toBe(true);
    await t.clock.advance(60);
    expect(t.looks).toEqual(['ipv4']);
    expect(readers.map(({ unread }) => unread)).toEqual(readers.map(() => 0));
  });

  it("A connection that reads nothing is reset, and its client's other connections are answered", async () => {
    const t = startUnread();
    const sluggard = t.connect('a1');
    while (t.unread.mayAnswer(sluggard)) t.send(sluggard, 50);
    await t.clock.advance(60);
    expect(t.resets).toEqual([sluggard]);
    expect(t.unread.mayAnswer(t.connect('a1'))).toBe(true);
  });

  it('A client with little unread does not wait for clients that have filled the total limit', () => {
    const t = startUnread();
    const little = t.connect('c1');
    const more = t.connect('c2');
    t.send(little, perClient / 64 - 1);
    t.send(more, perClient / 64);
    for (const client of ['a1', 'b1']) {
      const sluggard = t.connect(client);
      while (t.unread.mayAnswer(sluggard)) t.send(sluggard, 50);
    }
    expect(t.unread.mayAnswer(little)).toBe(true);
    expect(t.unread.mayAnswer(more)).toBe(false);
    expect(t.unread.mayAnswer(t.connect('d1'))).toBe(true);
  });

  it('A client keeps what its connections counted for another client before', async () => {
    const t = startUnread();
    const moved = t.connect('a1');
    while (t.unread.mayAnswer(moved)) t.send(moved, 50);
    t.move(moved, 'b1');
    expect(t.unread.mayAnswer(t.connect('a1'))).toBe(true);
    expect(t.unread.mayAnswer(t.connect('b1'))).toBe(false);
    t.read(moved);
    await t.clock.advance(60);
    expect(t.unread.mayAnswer(moved)).toBe(true);
    expect(moved.unread).toBe(0);
  });

  it('A connection that moves while the send queues are read is judged as if it had not', async () => {
    const t = startUnread();
    t.setLookMs(20);
    const [reader, sluggard] = [t.connect('a1'), t.connect('a1')];
    for (const connection of [reader, sluggard])
      for (let answer = 0; answer < 5; answer += 1) t.send(connection, 60);
    t.read(reader, 60);
    await t.clock.advance(10);
    for (const connection of [reader, sluggard]) t.move(connection, 'b1');
    await t.clock.advance(20);
    expect(t.resets).toEqual([sluggard]);
    expect(reader.unread).toBe(60);
    t.read(reader);
    // Counted once, so there is room for everything except what is left.
    const another = t.connect('b1');
    let sent = 0;
    for (; t.unread.mayAnswer(another); sent += 50) t.send(another, 50);
    expect(sent).toBeGreaterThanOrEqual(perClient - 60);
  });
});

describe('Unreadable send queues', () => {
  it('Unreadable send queues stall no client, are reported once, and end connections at their own unread limit', async () => {
    const t = startUnread();
    t.setFault(new Error('no such file'));
    const connection = t.connect('a1');
    while (t.unread.mayAnswer(connection)) t.send(connection, 50);
    expect(t.unread.mustEnd(connection)).toBe(false);
    await t.clock.advance(1_000);
    expect(t.failures).toEqual([new Error('no such file')]);
    expect(t.lookedTimes()).toBeGreaterThan(0);
    expect(t.resets).toEqual([]);
    const next = t.connect('a1');
    for (const blocked of [connection, next]) expect(t.unread.mayAnswer(blocked)).toBe(true);
    expect([t.unread.mustEnd(connection), t.unread.mustEnd(next)]).toEqual([true, false]);
    t.send(next, perConnection);
    expect(t.unread.mustEnd(next)).toBe(false);
    t.send(next, 1);
    expect(t.unread.mustEnd(next)).toBe(true);
  });

  it('Closed connections are not remembered while the send queues are unreadable', async () => {
    const t = startUnread();
    t.setFault(new Error('no such file'));
    const [before, after] = [t.connect('a1'), t.connect('a1')];
    for (const connection of [before, after]) t.send(connection, perClient);
    t.close(before);
    await t.clock.advance(100);
    t.close(after);
    t.setFault(undefined);
    t.send(t.connect('b1'), total);
    await t.clock.advance(5_000);
    expect(t.unread.mayAnswer(t.connect('a1'))).toBe(true);
  });

  it('The send queues are read again once they are readable', async () => {
    const t = startUnread();
    t.setFault(new Error('no such file'));
    const connection = t.connect('a1');
    t.send(connection, perClient);
    await t.clock.advance(1_000);
    t.setFault(undefined);
    await t.clock.advance(2_000);
    expect(t.unread.mustEnd(connection)).toBe(false);
    expect(connection.unread).toBe(perClient);
    t.setFault(new Error('again'));
    t.send(connection, 1);
    await t.clock.advance(2_000);
    expect(t.failures).toHaveLength(2);
  });
});

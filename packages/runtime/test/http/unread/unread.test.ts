import { describe, expect, it } from '@jest/globals';
import { LIMITS, startUnread } from './unread-setup.ts';

const { perConnection, perClient, total } = LIMITS;

describe('what clients have not read', () => {
  it('is not looked at as long as it is little', async () => {
    const t = startUnread();
    for (let count = 0; count < 20; count += 1) t.send(t.connect('a1'), perConnection);
    await t.clock.advance(10_000);
    expect(t.looks).toEqual([]);
    expect(t.clock.pending).toBe(0);
  });

  it('is looked at once a connection may have too much, four times a second, and no more once it is read', async () => {
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

  it('is looked for in the tables of those families only that may have something', async () => {
    const t = startUnread();
    t.send(t.connect('a1', '::ffff:198.18.0.1'), perConnection + 1);
    await t.clock.advance(1);
    expect(t.looks).toEqual(['ipv6']);
    t.send(t.connect('a1'), perConnection + 1);
    await t.clock.advance(300);
    expect(t.looks).toEqual(['ipv6', 'ipv4', 'ipv6']);
  });

  it('ends with a reset if more than is allowed a connection is left of several answers', async () => {
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

  it('may be one whole answer, however large', async () => {
    const t = startUnread();
    const reader = t.connect('a1');
    t.send(reader, 50);
    t.send(reader, 1_000);
    t.read(reader, 1_000);
    await t.clock.advance(300);
    expect(t.resets).toEqual([]);
    expect(reader.unread).toBe(1_000);
  });

  it('counts what is written while it is looked at', async () => {
    const t = startUnread();
    t.setLookMs(100);
    const reader = t.connect('a1');
    t.send(reader, perConnection + 1);
    await t.clock.advance(50);
    t.read(reader);
    t.send(reader, 70);
    await t.clock.advance(60);
    // What the look has seen, and what has come since. It had one answer unread at any time.
    expect(reader.unread).toBe(perConnection + 1 + 70);
    await t.clock.advance(6_000);
    expect(reader.unread).toBe(70);
    expect(t.resets).toEqual([]);
  });

  it('is looked at again if it was written during a look and then no more', async () => {
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

  it('is looked at for a quarter of the time at most', async () => {
    const t = startUnread();
    t.setLookMs(1_000);
    const reader = t.connect('a1');
    t.send(reader, 1_000);
    await t.clock.advance(60_000);
    expect(t.looks.length).toBeLessThanOrEqual(13);
    expect(t.looks.length).toBeGreaterThan(5);
  });

  it('is looked at for a fiftieth of the time if no client is near its limit', async () => {
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

  it('is looked at again after five seconds at most, however long the last look took', async () => {
    const t = startUnread();
    t.setLookMs(600_000);
    t.send(t.connect('a1'), 1_000);
    await t.clock.advance(600_000);
    expect(t.looks).toHaveLength(1);
    await t.clock.advance(5_000);
    expect(t.looks).toHaveLength(2);
  });
});

describe('a client', () => {
  it('waits for a look once it may have left as much unread as it may, and is answered if it has read', async () => {
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

  it('is looked at before it has to wait, although none of its connections has much', async () => {
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

  it('that reads nothing is reset, and its other connections are answered', async () => {
    const t = startUnread();
    const sluggard = t.connect('a1');
    while (t.unread.mayAnswer(sluggard)) t.send(sluggard, 50);
    await t.clock.advance(60);
    expect(t.resets).toEqual([sluggard]);
    expect(t.unread.mayAnswer(t.connect('a1'))).toBe(true);
  });

  it('with little unread does not wait for those who have filled everything', () => {
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

  it('keeps what its connections have counted for another one before', async () => {
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

  it('that moves during a look is judged as if it had not', async () => {
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
    // Counted once: there is room for all but what is left.
    const another = t.connect('b1');
    let sent = 0;
    for (; t.unread.mayAnswer(another); sent += 50) t.send(another, 50);
    expect(sent).toBeGreaterThanOrEqual(perClient - 60);
  });
});

describe('a connection that is closed', () => {
  it('counts with what it has left in the kernel until that is read, for its client when it comes again too', async () => {
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

  it('is looked for less and less often if it is not read', async () => {
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

  it('is forgotten without a look if hardly any can be left that were not read, however many there were', async () => {
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

  it('is not looked for if it was closed while those before it were found to be read', async () => {
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

  it('is looked for if so many have left something that it may be among them', async () => {
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
    // Of 24 with 33 bytes each it is next to nothing, with 34 it is more.
    expect(t.looks).toEqual([]);
    for (let sent = 0; sent <= perClient / 2; sent += 34) closeWith(34);
    t.send(t.connect('a1'), 1);
    await t.clock.advance(100);
    expect(t.looks).toEqual(['ipv4']);
  });

  it('while those are counted that have left something is not among them, and counts on', async () => {
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

  it('during a look is not reset, and counts on', async () => {
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

describe('if the send queues cannot be read', () => {
  it('nothing stalls, it is said once, and connections end after what one may leave unread', async () => {
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

  it('closed connections are not remembered', async () => {
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

  it('they are read again once they can be', async () => {
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

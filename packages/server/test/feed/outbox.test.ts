import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { FeedUpdate } from '@rolegate/protocol';
import { createOutbox } from '../../src/feed/outbox.ts';

function setup({ room = Infinity } = {}) {
  const written: string[] = [];
  const events = new EventEmitter();
  let left = room;
  let overflows = 0;
  const sink = {
    write(update: FeedUpdate) {
      written.push(update.podRemoved?.uid ?? '?');
      left -= 1;
      return left > 0;
    },
    once: (event: 'drain', listener: () => void) => events.once(event, listener),
  };
  const outbox = createOutbox(sink, () => {
    overflows += 1;
  });
  const put = (key: string, value: string) => {
    outbox.put(key, () => ({ podRemoved: { uid: value } }));
  };
  const drain = (more: number) => {
    left = more;
    events.emit('drain');
  };
  const putEnd = (key: string) => {
    outbox.putEnd(key, () => ({ podRemoved: { uid: key } }));
  };
  return { outbox, put, putEnd, written, drain, overflows: () => overflows };
}

describe('Outbox', () => {
  it('Updates are sent at once and in order while the reader has room', () => {
    const { put, written } = setup();
    put('a', 'a1');
    put('b', 'b1');
    put('a', 'a2');
    expect(written).toEqual(['a1', 'b1', 'a2']);
  });

  it('A slow reader gets only the latest update of each key, in the order of their first put', () => {
    const { put, written, drain } = setup({ room: 1 });
    put('first', 'first');
    for (let round = 1; round <= 1_000; round++) {
      put('a', `a${round}`);
      put('b', `b${round}`);
    }
    expect(written).toEqual(['first']);
    drain(Infinity);
    expect(written).toEqual(['first', 'a1000', 'b1000']);
  });

  it('Sending stops again when the reader is full again', () => {
    const { put, written, drain } = setup({ room: 1 });
    for (const key of ['a', 'b', 'c']) put(key, key);
    drain(1);
    expect(written).toEqual(['a', 'b']);
    drain(1);
    expect(written).toEqual(['a', 'b', 'c']);
  });

  it('A reader that leaves too many removals unread overflows the outbox, which is reported once', () => {
    const { put, putEnd, overflows } = setup({ room: 1 });
    put('first', 'first');
    for (let pod = 0; pod < 20_000; pod++) put(`there ${pod}`, 'there');
    for (let pod = 0; pod < 4_096; pod++) putEnd(`gone ${pod}`);
    put('gone 0', 'back');
    putEnd('gone 4096');
    expect(overflows()).toBe(0);
    putEnd('gone 4097');
    putEnd('gone 4098');
    expect(overflows()).toBe(1);
  });

  it('Removals that were read do not count towards the overflow', () => {
    const { put, putEnd, drain, overflows } = setup({ room: 1 });
    put('first', 'first');
    for (let round = 0; round < 10; round++) {
      for (let pod = 0; pod < 1_000; pod++) putEnd(`gone ${round} ${pod}`);
      drain(1_001);
    }
    expect(overflows()).toBe(0);
  });

  it('An update is built only when its turn comes', () => {
    const { outbox, put, drain } = setup({ room: 1 });
    put('first', 'first');
    let made = 0;
    outbox.put('late', () => {
      made += 1;
      return undefined;
    });
    expect(made).toBe(0);
    drain(Infinity);
    expect(made).toBe(1);
  });

  it('Nothing is written after the outbox is closed', () => {
    const { outbox, put, written, drain } = setup({ room: 1 });
    put('a', 'a');
    put('b', 'b');
    outbox.close();
    drain(Infinity);
    put('c', 'c');
    expect(written).toEqual(['a']);
  });
});

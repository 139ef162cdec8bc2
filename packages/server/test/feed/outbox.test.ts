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

describe('outbox', () => {
  it('sends at once what the reader has room for, in order', () => {
    const { put, written } = setup();
    put('a', 'a1');
    put('b', 'b1');
    put('a', 'a2');
    expect(written).toEqual(['a1', 'b1', 'a2']);
  });

  it('keeps for a slow reader only the latest of each key, in the order of their first put', () => {
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

  it('stops again when the reader is full again', () => {
    const { put, written, drain } = setup({ room: 1 });
    for (const key of ['a', 'b', 'c']) put(key, key);
    drain(1);
    expect(written).toEqual(['a', 'b']);
    drain(1);
    expect(written).toEqual(['a', 'b', 'c']);
  });

  it('says once that a reader leaves more ends unread than are worth keeping', () => {
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

  it('counts no end that was read', () => {
    const { put, putEnd, drain, overflows } = setup({ room: 1 });
    put('first', 'first');
    for (let round = 0; round < 10; round++) {
      for (let pod = 0; pod < 1_000; pod++) putEnd(`gone ${round} ${pod}`);
      drain(1_001);
    }
    expect(overflows()).toBe(0);
  });

  it('makes an update only when its turn has come', () => {
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

  it('writes nothing after it was closed', () => {
    const { outbox, put, written, drain } = setup({ room: 1 });
    put('a', 'a');
    put('b', 'b');
    outbox.close();
    drain(Infinity);
    put('c', 'c');
    expect(written).toEqual(['a']);
  });
});

import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../src/kubernetes/api/api-error.ts';
import { readEvents } from '../../../src/kubernetes/watch/watch-events.ts';
import type { WatchEvent } from '../../../src/kubernetes/watch/watch-events.ts';

async function setup(lines: readonly (string | object)[]) {
  const events: WatchEvent[] = [];
  const counted: string[] = [];
  let tooLong = 0;
  async function* chunks(): AsyncGenerator<Buffer> {
    for (const line of lines)
      yield await Promise.resolve(Buffer.from(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`));
  }
  const read = readEvents({
    chunks: chunks(),
    kind: 'Pod',
    what: 'watch pods',
    count: (label) => counted.push(label),
    tooLong: () => (tooLong += 1),
  });
  let error: unknown;
  try {
    for await (const event of read) events.push(event);
  } catch (fault) {
    error = fault;
  }
  return { events, counted, error, tooLong };
}

const NOBODY = { namespace: '', name: '', uid: '' };

describe('Watch events', () => {
  it.each(['ADDED', 'MODIFIED', 'DELETED'])('The event %s is read with its object', async (type) => {
    const { events, counted } = await setup([{ type, object: { metadata: { uid: 'a' } } }]);
    expect(events).toEqual([{ type, object: { metadata: { uid: 'a' } } }]);
    expect(counted).toEqual([type.toLowerCase()]);
  });

  it('A bookmark is read, and the one that ends a list is recognized', async () => {
    const annotations = { 'k8s.io/initial-events-end': 'true' };
    const { events } = await setup([
      { type: 'BOOKMARK', object: { metadata: { resourceVersion: '5' } } },
      { type: 'BOOKMARK', object: { metadata: { resourceVersion: '6', annotations } } },
    ]);
    expect(events).toEqual([
      { type: 'BOOKMARK', resourceVersion: '5', endsList: false },
      { type: 'BOOKMARK', resourceVersion: '6', endsList: true },
    ]);
  });

  it.each([
    { line: '{', fault: 'a watch event cannot be read: it is incomplete' },
    {
      line: '{"type":"ADDED","object":{}}}',
      fault: 'a watch event cannot be read: it has trailing text',
    },
    { line: '{"type":truth}', fault: 'a watch event cannot be read: it is not JSON' },
    { line: 'null', fault: 'a line of the watch is not an event' },
    { line: '[]', fault: 'a line of the watch is not an event' },
    { line: '{"kind":"Pod"}', fault: 'a line of the watch is not an event' },
    { line: '{"type":"EXPLODED"}', fault: 'a watch event has an unknown type' },
    { line: '{"type":5}', fault: 'a watch event has an unknown type' },
    { line: '{"type":"__proto__"}', fault: 'a watch event has an unknown type' },
  ])('The line $line is reported as unreadable, and the next line is read', async ({ line, fault }) => {
    const { events, counted } = await setup([line, { type: 'ADDED', object: {} }]);
    expect(events[0]).toEqual({ type: 'UNREADABLE', fault, identity: NOBODY });
    expect(counted).toEqual(['unreadable', 'added']);
    expect(events).toHaveLength(2);
  });

  it.each(['{"type":"BOOKMARK"}', '{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":""}}}'])(
    'The bookmark %s is reported as unreadable, without an object',
    async (line) => {
      const fault = 'a bookmark has no resourceVersion';
      expect((await setup([line])).events).toEqual([{ type: 'UNREADABLE', fault, identity: undefined }]);
    },
  );

  it('A truncated event names its object if the name came before the cut', async () => {
    const { events } = await setup([
      '{"type":"DELETED","object":{"metadata":{"name":"a","namespace":"n","uid":"u","labels":{"x":',
    ]);
    expect(events[0]).toMatchObject({
      type: 'UNREADABLE',
      identity: { namespace: 'n', name: 'a', uid: 'u' },
    });
  });

  it('A line of 24 MiB is read, and a longer one is reported as unreadable with the name of its object', async () => {
    const line = (type: string, size: number) => {
      const start = `{"type":"${type}","object":{"metadata":{"name":"a","namespace":"n","uid":"u"},"spec":{"x":"`;
      return `${start}${'<'.repeat(size - start.length - 4)}"}}}`;
    };
    const { events, tooLong } = await setup([
      line('MODIFIED', 24 * 1024 * 1024),
      line('DELETED', 24 * 1024 * 1024 + 1),
      { type: 'ADDED', object: {} },
    ]);
    expect(events).toMatchObject([
      { type: 'MODIFIED', object: { metadata: { uid: 'u' } } },
      { type: 'UNREADABLE', identity: { namespace: 'n', name: 'a', uid: 'u' } },
      { type: 'ADDED' },
    ]);
    expect(tooLong).toBe(1);
  });

  it('An ERROR event is thrown as the error that it describes', async () => {
    const status = {
      kind: 'Status',
      code: 410,
      reason: 'Expired',
      message: 'too old resource version: 1 (9)',
    };
    const { error, counted } = await setup([{ type: 'ERROR', object: status }]);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      code: 410,
      reason: 'Expired',
      message: 'watch pods: 410 too old resource version: 1 (9)',
    });
    expect(counted).toEqual(['error']);
  });

  it.each([
    { object: undefined },
    { object: null },
    { object: 'x' },
    { object: { code: 'x', message: 5, reason: {} } },
  ])('An ERROR event without usable details ($object) is thrown as an error too', async ({ object }) => {
    expect((await setup([{ type: 'ERROR', object }])).error).toMatchObject({
      name: 'ApiError',
      code: 0,
      reason: '',
    });
  });
});

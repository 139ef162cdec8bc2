import { describe, expect, it } from '@jest/globals';
import { ApiError } from '../../src/kubernetes/api-error.ts';
import { readEvents } from '../../src/kubernetes/watch-events.ts';
import type { WatchEvent } from '../../src/kubernetes/watch-events.ts';

async function setup(lines: readonly (string | object)[]) {
  const events: WatchEvent[] = [];
  const counted: string[] = [];
  const passedOver: string[] = [];
  async function* chunks(): AsyncGenerator<string> {
    for (const line of lines)
      yield await Promise.resolve(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
  }
  const read = readEvents({
    chunks: chunks(),
    what: 'watch pods',
    count: (label) => counted.push(label),
    passOver: (fault, line) => passedOver.push(`${fault}: ${line}`),
  });
  let error: unknown;
  try {
    for await (const event of read) events.push(event);
  } catch (fault) {
    error = fault;
  }
  return { events, counted, passedOver, error };
}

describe('readEvents', () => {
  it.each(['ADDED', 'MODIFIED', 'DELETED'])('reads %s with its object', async (type) => {
    const { events, counted } = await setup([{ type, object: { metadata: { uid: 'a' } } }]);
    expect(events).toEqual([{ type, object: { metadata: { uid: 'a' } } }]);
    expect(counted).toEqual([type.toLowerCase()]);
  });

  it('reads a bookmark, and the one that ends a list', async () => {
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
    { line: '{', fault: 'a line of a watch is not an event' },
    { line: 'null', fault: 'a line of a watch is not an event' },
    { line: '[]', fault: 'a line of a watch is not an event' },
    { line: '{"kind":"Pod"}', fault: 'a line of a watch is not an event' },
    { line: '{"type":"EXPLODED"}', fault: 'a watch event is of an unknown type' },
    { line: '{"type":5}', fault: 'a watch event is of an unknown type' },
    { line: '{"type":"__proto__"}', fault: 'a watch event is of an unknown type' },
    { line: '{"type":"BOOKMARK"}', fault: 'a bookmark has no resourceVersion' },
    {
      line: '{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":""}}}',
      fault: 'a bookmark has no resourceVersion',
    },
  ])('passes over $line and goes on', async ({ line, fault }) => {
    const { events, passedOver, counted } = await setup([line, { type: 'ADDED', object: {} }]);
    expect(passedOver).toEqual([`${fault}: ${line}`]);
    expect(counted).toEqual(['passed-over', 'added']);
    expect(events).toHaveLength(1);
  });

  it('shows only the beginning of what it passes over', async () => {
    const { passedOver } = await setup(['x'.repeat(1000)]);
    expect(passedOver[0]?.length).toBeLessThan(250);
  });

  it('passes over a line that is longer than any object', async () => {
    const { events, passedOver } = await setup(['x'.repeat(9 * 1024 * 1024), { type: 'ADDED', object: {} }]);
    expect(passedOver).toEqual(['a line of a watch is too long: ']);
    expect(events).toHaveLength(1);
  });

  it('throws an ERROR event as the error that it tells', async () => {
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
  ])('throws an ERROR event that tells nothing of use ($object) as an error too', async ({ object }) => {
    expect((await setup([{ type: 'ERROR', object }])).error).toMatchObject({
      name: 'ApiError',
      code: 0,
      reason: '',
    });
  });
});

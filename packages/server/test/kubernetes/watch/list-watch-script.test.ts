import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { ApiError } from '../../../src/kubernetes/api/api-error.ts';
import type { ApiRequest, Connection } from '../../../src/kubernetes/api/connection.ts';
import { createListWatch } from '../../../src/kubernetes/watch/list-watch.ts';
import { pickNamespace } from '../../../src/kubernetes/objects/objects.ts';
import type { Identity, Namespace } from '../../../src/kubernetes/objects/objects.ts';
import { createStore } from '../../../src/kubernetes/objects/store.ts';
import { eventually, recordingLog } from '../setup.ts';

/** The response to one request: lines, after which the stream ends or stays open, or an error. */
type Scripted =
  | { readonly lines: readonly (object | string)[]; readonly thenOpen?: boolean }
  | { readonly refusal: number };

const OPEN: Scripted = { lines: [], thenOpen: true };

/** `present`: the API server's current resourceVersion, for requests that ask only for that. */
function setup(script: readonly Scripted[], present = '999') {
  const clock = createFakeClock();
  const asked: { readonly atMs: number; readonly query: Readonly<Record<string, string>> }[] = [];
  /** By how much requests were allowed to take longer. Milliseconds. */
  const extensions: number[] = [];
  const untimed = { keepOpen: () => undefined, extend: (byMs: number) => void extensions.push(byMs) };
  const connection: Connection = {
    request(request) {
      if (request.query?.['limit'] === '1') {
        const page = { lines: [{ metadata: { resourceVersion: present }, items: [] }] };
        return Promise.resolve({ status: 200, ...untimed, chunks: play(page, request) });
      }
      asked.push({ atMs: clock.monotonic(), query: request.query ?? {} });
      const next = script[asked.length - 1] ?? OPEN;
      if ('refusal' in next) return Promise.reject(new ApiError('no', { code: next.refusal, reason: '' }));
      return Promise.resolve({ status: 200, ...untimed, chunks: play(next, request) });
    },
    close: () => undefined,
  };
  const { log, lines } = recordingLog();
  const keyOf = ({ name }: Namespace) => name;
  const store = createStore<Namespace>({ keyOf, log });
  const metrics = { watchEvents: () => undefined, relists: () => undefined };
  const random = () => 0.999_999;
  const deps = {
    connection,
    path: '/api/v1/namespaces',
    kind: 'Namespace',
    pick: pickNamespace,
    keyOf,
    keyOfPart: ({ name }: Identity) => (name === '' ? undefined : name),
    store,
    clock,
    log,
  } as const;
  const loop = createListWatch<Namespace>({ ...deps, metrics, random });
  const stop = new AbortController();
  const running = loop.run(stop.signal);
  return {
    clock,
    asked,
    extensions,
    store,
    lines,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

async function* play(
  next: Exclude<Scripted, { refusal: number }>,
  { signal }: ApiRequest,
): AsyncGenerator<Buffer> {
  for (const line of next.lines)
    yield await Promise.resolve(Buffer.from(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`));
  if (next.thenOpen !== true) return;
  await new Promise((resolve) => {
    signal.addEventListener('abort', resolve);
  });
}

const namespace = (name: string, resourceVersion: string) => ({
  metadata: { name, uid: `u-${name}`, resourceVersion },
});
const added = (name: string, version: string) => ({ type: 'ADDED', object: namespace(name, version) });
const bookmark = (resourceVersion: string, annotations?: object) => ({
  type: 'BOOKMARK',
  object: { metadata: { resourceVersion, annotations } },
});
const LISTED = bookmark('10', { 'k8s.io/initial-events-end': 'true' });

describe('Watch loop', () => {
  it('A streaming list is requested with the parameters that the API requires', async () => {
    await using run = setup([OPEN]);
    await run.clock.advance(0);
    expect(run.asked[0]?.query).toEqual({
      watch: 'true',
      allowWatchBookmarks: 'true',
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
      timeoutSeconds: '599',
    });
  });

  it('A streaming list may take a second longer for every thousand objects, and the watch after it may not', async () => {
    const many = (count: number, from: number) =>
      Array.from({ length: count }, (_, at) => added(`n-${from + at}`, `${from + at}`));
    await using run = setup([{ lines: [...many(2_500, 0), LISTED, ...many(2_000, 3_000)], thenOpen: true }]);
    await eventually(() => run.store.size === 4_500);
    expect(run.extensions).toEqual([1_000, 1_000]);
  });

  it('A streaming list that ends too early is discarded and requested again', async () => {
    await using run = setup([
      { lines: [added('a', '3')] },
      { lines: [added('b', '4'), LISTED], thenOpen: true },
    ]);
    await run.clock.advance(249);
    expect([run.store.size, run.store.syncedAtMs, run.asked.length]).toEqual([0, undefined, 1]);
    await run.clock.advance(1);
    expect(run.store.values().map(({ name }) => name)).toEqual(['b']);
    expect(run.lines[0]).toMatchObject({
      level: 'warn',
      fields: { error: 'watch /api/v1/namespaces: the list was incomplete' },
    });
  });

  it('The watch starts at once from the version of the first page of a list', async () => {
    const pages = [
      { lines: [{ metadata: { resourceVersion: '20', continue: 'more' }, items: [namespace('a', '3')] }] },
      { lines: [{ metadata: { resourceVersion: '25' }, items: null }] },
    ];
    await using run = setup([{ refusal: 422 }, ...pages]);
    await run.clock.advance(0);
    expect(run.asked.map(({ atMs }) => atMs)).toEqual([0, 0, 0, 0]);
    expect(run.asked[1]?.query).toEqual({ limit: '100' });
    expect(run.asked[2]?.query).toEqual({ limit: '100', continue: 'more' });
    // That of the first page: what has changed since may be in none of them.
    expect(run.asked[3]?.query).toMatchObject({ watch: 'true', resourceVersion: '20' });
    expect(run.asked[3]?.query).not.toHaveProperty('sendInitialEvents');
  });

  it.each([
    { what: 'an event', line: added('b', '11'), from: '11' },
    { what: 'a deletion', line: { type: 'DELETED', object: namespace('a', '12') }, from: '12' },
    { what: 'a bookmark', line: bookmark('13'), from: '13' },
    {
      what: 'a bad object',
      line: { type: 'ADDED', object: { metadata: { resourceVersion: '14' } } },
      from: '14',
    },
    { what: 'an object without a version', line: { type: 'ADDED', object: { metadata: {} } }, from: '10' },
    { what: 'an unknown event', line: { type: 'NEWS', object: namespace('a', '15') }, from: '10' },
  ])('After $what, the watch resumes from version $from', async ({ line, from }) => {
    await using run = setup([{ lines: [added('a', '3'), LISTED, line] }]);
    await run.clock.advance(250);
    expect(run.asked[1]?.query).toMatchObject({ resourceVersion: from });
  });

  it.each([
    {
      line: '{"type":"DELETED","object":{"metadata":{"name":"a","uid":"u-a","labels":{',
      of: 'that is cut short',
    },
    { line: '{"type":"DELETED","object":{}}', of: 'that names no object' },
    { line: '{"type":"DELE', of: 'of which nothing can be read' },
  ])(
    'An object that the next list no longer has is removed within 5 s of a DELETED $of',
    async ({ line }) => {
      await using run = setup([
        { lines: [added('a', '3'), added('b', '4'), LISTED, line], thenOpen: true },
        { lines: [added('b', '4'), LISTED], thenOpen: true },
      ]);
      await run.clock.advance(3999);
      expect([run.asked.length, run.store.isDoubted('a')]).toEqual([1, true]);
      await run.clock.advance(1);
      expect(run.store.values().map(({ name }) => name)).toEqual(['b']);
      expect([run.store.isDoubted('a'), run.store.isDoubted('b')]).toEqual([false, false]);
    },
  );

  it('The store keeps its object, in doubt, while the lists after an unreadable event fail', async () => {
    const refused = Array.from({ length: 100 }, () => ({ refusal: 500 }));
    await using run = setup([
      {
        lines: [added('a', '3'), LISTED, '{"type":"MODIFIED","object":{"metadata":{"name":"a"'],
        thenOpen: true,
      },
      ...refused,
    ]);
    await run.clock.advance(600_000);
    expect([run.store.size, run.store.isDoubted('a')]).toEqual([1, true]);
    expect(run.asked.length).toBeLessThan(60);
  });

  it('The watch loop lists at most every 4 s, however many events are unreadable', async () => {
    const stream = { lines: [added('a', '3'), LISTED, 'x', 'y', 'z'], thenOpen: true };
    await using run = setup(Array.from({ length: 100 }, () => stream));
    await run.clock.advance(60_000);
    expect(run.asked.length).toBe(16);
  });

  it.each([{ answer: {} }, { answer: { metadata: { resourceVersion: '' } } }, { answer: { items: [] } }])(
    'The answer $answer is not accepted as a list',
    async ({ answer }) => {
      await using run = setup([
        { refusal: 422 },
        { lines: [answer] },
        { lines: [{ metadata: { resourceVersion: '5' }, items: [] }] },
      ]);
      await run.clock.advance(0);
      expect(run.store.syncedAtMs).toBeUndefined();
      await run.clock.advance(250);
      expect(run.store.syncedAtMs).toBeCloseTo(250, 1);
    },
  );

  it('The watch loop does not hammer an API server that ends every watch at once', async () => {
    await using run = setup([{ lines: [LISTED] }, ...Array.from({ length: 100 }, () => ({ lines: [] }))]);
    await run.clock.advance(60_000);
    expect(run.asked.length).toBeLessThan(12);
  });
});

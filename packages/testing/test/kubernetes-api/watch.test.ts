import { describe, expect, it } from 'vitest';
import { eventually, manifest, setupApi } from './client.ts';

// Expected values were recorded from kube-apiserver 1.34.4.

const STREAMING =
  '/api/v1/pods?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';

async function setup() {
  const run = await setupApi({ pods: [manifest('a'), manifest('b')] });
  const version = async () => (await run.ask('/api/v1/pods')).body.metadata.resourceVersion;
  return { ...run, version };
}

describe('Watches', () => {
  it('A streaming list sends every object and a bookmark, and then what changes', async () => {
    await using run = await setup();
    const watch = await run.watch(STREAMING);
    await eventually(() => watch.events.length === 3);
    expect(watch.events[2]).toEqual({
      type: 'BOOKMARK',
      object: {
        kind: 'Pod',
        apiVersion: 'v1',
        metadata: {
          resourceVersion: await run.version(),
          annotations: { 'k8s.io/initial-events-end': 'true' },
        },
      },
    });
    run.api.apply({ kind: 'Pod', ...manifest('c') });
    run.api.patch('Pod', 'team-a', 'c', { status: { phase: 'Running' } });
    run.api.delete('Pod', 'team-a', 'c');
    await eventually(() => watch.events.length === 6);
    expect(watch.seen()).toEqual(['ADDED a', 'ADDED b', 'BOOKMARK', 'ADDED c', 'MODIFIED c', 'DELETED c']);
    expect(run.api.requests.Pod).toEqual({ list: 1, version: 0, watch: 0, streaming: 1 });
  });

  it('A watch from a version sends what has changed since, and then what changes', async () => {
    await using run = await setup();
    const from = await run.version();
    run.api.delete('Pod', 'team-a', 'a');
    const watch = await run.watch(`/api/v1/pods?watch=true&resourceVersion=${from}`);
    run.api.apply({ kind: 'Pod', ...manifest('c') });
    await eventually(() => watch.events.length === 2);
    expect(watch.seen()).toEqual(['DELETED a', 'ADDED c']);
    expect(watch.events[0]?.object).toMatchObject({ metadata: { resourceVersion: `${Number(from) + 1}` } });
  });

  it.each(['/api/v1/pods?watch=1', '/api/v1/pods?watch=true&resourceVersion=0'])(
    'The watch %s begins with all objects',
    async (path) => {
      await using run = await setup();
      const watch = await run.watch(path);
      await eventually(() => watch.events.length === 2);
      expect(watch.seen()).toEqual(['ADDED a', 'ADDED b']);
    },
  );

  it('A watch sends only objects of its kind and Namespace', async () => {
    await using run = await setup();
    const watch = await run.watch(
      `/api/v1/namespaces/x/pods?watch=true&resourceVersion=${await run.version()}`,
    );
    run.api.apply({ kind: 'Pod', ...manifest('other') });
    run.api.apply({ kind: 'ServiceAccount', ...manifest('mine', 'x') });
    run.api.apply({ kind: 'Pod', ...manifest('mine', 'x') });
    await eventually(() => watch.events.length === 1);
    expect(watch.seen()).toEqual(['ADDED mine']);
  });

  it('A watch from a version that is too old gets an ERROR event, and ends', async () => {
    await using run = await setup();
    const from = await run.version();
    run.api.compact();
    const watch = await run.watch(`/api/v1/pods?watch=true&resourceVersion=${from}`);
    await eventually(watch.over);
    expect(watch.status).toBe(200);
    expect(watch.events).toMatchObject([
      { type: 'ERROR', object: { kind: 'Status', reason: 'Expired', code: 410 } },
    ]);
    expect((watch.events[0] as unknown as { object: { message: string } }).object.message).toMatch(
      /^too old resource version: \d+ \(\d+\)$/,
    );
  });

  it('Bookmarks are sent only to watches that asked for them', async () => {
    await using run = await setup();
    const from = await run.version();
    const takes = await run.watch(`/api/v1/pods?watch=true&allowWatchBookmarks=true&resourceVersion=${from}`);
    const takesNot = await run.watch(`/api/v1/pods?watch=true&resourceVersion=${from}`);
    const version = run.api.bump();
    run.api.bookmark('Namespace');
    run.api.bookmark();
    run.api.apply({ kind: 'Pod', ...manifest('c') });
    await eventually(() => takes.events.length === 2 && takesNot.events.length === 1);
    expect(takes.events[0]).toMatchObject({
      type: 'BOOKMARK',
      object: { metadata: { resourceVersion: `${version}` } },
    });
    expect(takesNot.seen()).toEqual(['ADDED c']);
  });

  it('A watch ends after its timeoutSeconds', async () => {
    await using run = await setup();
    const watch = await run.watch(`/api/v1/pods?watch=true&timeoutSeconds=0.05`);
    await eventually(watch.over);
    expect(run.api.watches).toBe(0);
  });

  it.each([
    { query: 'sendInitialEvents=true', status: 422 },
    { query: 'resourceVersionMatch=NotOlderThan', status: 422 },
    { query: 'sendInitialEvents=true&resourceVersionMatch=Exact', status: 422 },
    { query: 'resourceVersion=abc', status: 500 },
  ])('A watch with $query is refused with $status', async ({ query, status }) => {
    await using run = await setup();
    expect((await run.ask(`/api/v1/pods?watch=true&${query}`)).status).toBe(status);
    expect(run.api.watches).toBe(0);
  });

  it('A streaming list is refused with 422 if it is not offered', async () => {
    await using run = await setup();
    run.api.offerStreamingList = false;
    const { status, body } = await run.ask(STREAMING);
    expect([status, body['reason']]).toEqual([422, 'Invalid']);
    expect((await run.watch('/api/v1/pods?watch=true')).status).toBe(200);
  });
});

describe('Faults', () => {
  it('A hanging API server accepts requests without answering them, and continues where it was', async () => {
    await using run = await setup();
    const watch = await run.watch(`/api/v1/pods?watch=true&resourceVersion=${await run.version()}`);
    run.api.hang();
    run.api.hang();
    const list = run.ask('/api/v1/pods');
    run.api.apply({ kind: 'Pod', ...manifest('c') });
    await eventually(() => run.api.requests.Pod.list === 2);
    expect(await Promise.race([list, Promise.resolve('no answer')])).toBe('no answer');
    expect(watch.events).toEqual([]);
    run.api.resume();
    expect((await list).body.items).toHaveLength(3);
    await eventually(() => watch.events.length === 1);
  });

  it.each(['cut', 'end'] as const)('The fake API server drops its watches by %s', async (how) => {
    await using run = await setup();
    const watch = await run.watch('/api/v1/pods?watch=true');
    run.api.dropWatches(how);
    run.api.apply({ kind: 'Pod', ...manifest('c') });
    await eventually(watch.over);
    expect([run.api.watches, watch.seen().includes('ADDED c')]).toEqual([0, false]);
  });

  it('The fake API server refuses every request with a given status and headers until that is undone', async () => {
    await using run = await setup();
    run.api.refuse(429, { 'retry-after': '3' });
    const response = await fetch(`${run.api.url}/api/v1/pods`);
    expect([response.status, response.headers.get('retry-after'), await response.json()]).toEqual([
      429,
      '3',
      expect.objectContaining({ kind: 'Status', reason: 'TooManyRequests' }),
    ]);
    run.api.refuse(undefined);
    expect((await run.ask('/api/v1/pods')).status).toBe(200);
  });

  it('A raw line is sent unchanged to the watches of its kind', async () => {
    await using run = await setup();
    const from = await run.version();
    const pods = await run.watch(`/api/v1/pods?watch=true&resourceVersion=${from}`);
    const namespaces = await run.watch(`/api/v1/namespaces?watch=true&resourceVersion=${from}`);
    run.api.sendRaw('Pod', '{"type":"NEWS"}');
    await eventually(() => pods.events.length === 1);
    expect(namespaces.events).toEqual([]);
  });

  it('The fake API server starts again at the port of a closed one, and not at a port in use', async () => {
    const first = await setup();
    await first.api.close();
    await using second = await setupApi({ port: first.api.port });
    expect(second.api.url).toBe(first.api.url);
    await expect(setupApi({ port: first.api.port })).rejects.toThrow('EADDRINUSE');
  });

  it('The kubeconfig of the fake API server has its URL', async () => {
    await using run = await setup();
    expect(run.api.kubeconfig()).toContain(`server: '${run.api.url}', insecure-skip-tls-verify: true`);
  });
});

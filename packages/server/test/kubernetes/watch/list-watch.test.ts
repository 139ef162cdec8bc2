import { describe, expect, it } from 'vitest';
import { eventually, hurriedClock } from '../setup.ts';
import { podManifest, podManifests, runPods } from './list-watch-setup.ts';

async function setup(options: Parameters<typeof runPods>[0] & { streaming?: boolean } = {}) {
  const { streaming = true, ...rest } = options;
  const run = await runPods(rest);
  run.api.offerStreamingList = streaming;
  void run.start();
  await eventually(run.synced);
  return run;
}

describe('Watch loop', () => {
  it('The first list is streamed, and its stream continues as the watch', async () => {
    await using run = await setup({ pods: podManifests(3) });
    run.api.apply(podManifest('later'));
    await eventually(run.isEqual);
    expect(run.store.size).toBe(4);
    expect(run.api.requests.Pod).toEqual({ list: 0, version: 0, watch: 0, streaming: 1 });
  });

  it('Pages of 100 are fetched if the API server offers no streaming list, and a watch follows', async () => {
    await using run = await setup({ pods: podManifests(250), streaming: false });
    expect(run.store.size).toBe(250);
    run.api.apply(podManifest('later'));
    await eventually(run.isEqual);
    expect(run.api.requests.Pod).toEqual({ list: 3, version: 0, watch: 1, streaming: 1 });
  });

  it('The watch loop remembers that no streaming list is offered', async () => {
    await using run = await setup({ streaming: false });
    run.api.compact();
    run.api.dropWatches();
    await eventually(() => run.counted.relists.length === 1 && run.api.watches === 1);
    expect(run.api.requests.Pod.streaming).toBe(1);
  });

  it('An empty list syncs the store too', async () => {
    await using run = await setup();
    expect(run.store.size).toBe(0);
    expect(run.store.resourceVersion).not.toBe('');
  });

  it('The watch loop reports every change once', async () => {
    await using run = await setup({ pods: [podManifest('a')] });
    run.api.patch('Pod', 'team-a', 'a', { metadata: { annotations: { 'iam.amazonaws.com/role': 'other' } } });
    run.api.patch('Pod', 'team-a', 'a', { status: { podIPs: [{ ip: '10.0.0.1' }] } });
    run.api.delete('Pod', 'team-a', 'a');
    await eventually(() => run.changes.length === 4);
    expect(
      run.changes.map(({ kind, object }) => [kind, object.annotations['iam.amazonaws.com/role'], object.ips]),
    ).toEqual([
      ['set', 'app', []],
      ['set', 'other', []],
      ['set', 'other', ['10.0.0.1']],
      ['removed', 'other', ['10.0.0.1']],
    ]);
  });

  it.each(['cut', 'end'] as const)(
    'A watch that drops (%s) resumes from the last resourceVersion',
    async (how) => {
      await using run = await setup({ pods: [podManifest('a')] });
      run.api.apply(podManifest('b'));
      await eventually(run.isEqual);
      run.api.dropWatches(how);
      run.api.apply(podManifest('c'));
      run.api.delete('Pod', 'team-a', 'a');
      await eventually(run.isEqual);
      expect(run.api.requests.Pod).toMatchObject({ streaming: 1, list: 0 });
      expect(run.counted.relists).toEqual([]);
    },
  );

  it('After a bookmark, a watch resumes without a list even if the history before it is compacted', async () => {
    await using run = await setup({ pods: [podManifest('a')] });
    run.api.bump();
    run.api.compact();
    run.api.bookmark();
    await eventually(() => run.counted.events.filter((type) => type === 'bookmark').length === 2);
    run.api.dropWatches();
    await eventually(() => run.api.requests.Pod.watch === 1);
    run.api.apply(podManifest('b'));
    await eventually(run.isEqual);
    expect(run.counted.relists).toEqual([]);
  });

  it.each([true, false])(
    'A new list after 410 reports only what has changed (streaming: %s)',
    async (streaming) => {
      await using run = await setup({ pods: podManifests(120), streaming });
      run.api.hang();
      run.api.dropWatches();
      run.api.delete('Pod', 'team-a', 'p-7');
      run.api.apply(podManifest('p-8', 'other'));
      run.api.compact();
      run.changes.length = 0;
      run.api.resume();
      await eventually(run.isEqual);
      expect(run.counted.relists).toEqual(['expired']);
      expect(run.changes.map(({ kind, object }) => `${kind} ${object.name}`)).toEqual([
        'removed p-7',
        'set p-8',
      ]);
    },
  );

  it('A 410 as an HTTP status leads to a new list, as an ERROR event does', async () => {
    await using run = await setup({ pods: [podManifest('a')] });
    run.api.refuse(410);
    run.api.dropWatches();
    await eventually(() => run.counted.relists.length > 0);
    run.api.refuse(undefined);
    run.api.apply(podManifest('b'));
    await eventually(run.isEqual);
  });

  it('A paged list starts again if its continue token expires', async () => {
    await using run = await runPods({ pods: podManifests(250) });
    run.api.offerStreamingList = false;
    run.api.expireNextContinue();
    void run.start();
    await eventually(run.synced);
    expect(run.api.requests.Pod.list).toBe(2 + 3);
    expect(run.counted.relists).toEqual(['expired']);
    expect(run.isEqual()).toBe(true);
  });

  it('The store keeps its objects while the API server is unavailable', async () => {
    await using run = await setup({ pods: podManifests(5) });
    run.api.refuse(500);
    run.api.dropWatches();
    const { watch } = run.api.requests.Pod;
    await eventually(() => run.api.requests.Pod.watch + run.api.requests.Pod.streaming > watch + 6);
    expect(run.store.size).toBe(5);
    expect(run.changes).toHaveLength(5);
    run.api.refuse(undefined);
    run.api.apply(podManifest('back'));
    await eventually(run.isEqual);
  });

  it('The watch loop waits for an API server that is not available yet', async () => {
    await using run = await runPods({ pods: podManifests(2) });
    run.api.refuse(503);
    void run.start();
    await eventually(() => run.api.requests.Pod.streaming > 3);
    expect(run.synced()).toBe(false);
    run.api.refuse(undefined);
    await eventually(run.isEqual);
  });

  it.each([401, 403])(
    'A %d is logged as an error that says what to do, and the list is tried again',
    async (code) => {
      await using run = await runPods({ pods: podManifests(2) });
      run.api.refuse(code);
      void run.start();
      await eventually(() => run.api.requests.Pod.streaming > 1);
      run.api.refuse(undefined);
      await eventually(run.isEqual);
      expect(run.lines.find(({ level }) => level === 'error')?.fields['error']).toMatch(
        code === 401 ? /check the token/ : /right to watch pods with a ClusterRole/,
      );
    },
  );

  it('The watch loop waits as long as a busy API server asks', async () => {
    await using run = await runPods();
    run.api.refuse(429, { 'retry-after': '20' });
    const startedMs = performance.now();
    void run.start();
    await eventually(() => run.api.requests.Pod.streaming === 2);
    // 20 s, fifty times faster.
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(390);
  });

  it('Each unreadable event is logged once, the events after it are read, and a new list follows', async () => {
    // The next list, four seconds later, would take the lines' place.
    await using run = await setup({ clock: hurriedClock(4) });
    const bad = JSON.stringify({
      type: 'ADDED',
      object: { kind: 'Pod', metadata: { name: 'x', namespace: 'team-a' } },
    });
    for (const line of [bad, bad, 'null', '{"type":"NEWS"}', '{', bad]) run.api.sendRaw('Pod', line);
    run.api.apply(podManifest('good'));
    await eventually(run.isEqual);
    expect(
      run.lines
        .filter(({ level }) => level === 'warn')
        .map(({ fields }) => `${String(fields['fault'])}: ${String(fields['which'])}`),
    ).toEqual([
      'it has no uid: team-a/x/?',
      'a line of the watch is not an event: ?/?/?',
      'a watch event has an unknown type: ?/?/?',
      'a watch event cannot be read: it is incomplete: ?/?/?',
    ]);
    await eventually(() => run.api.requests.Pod.streaming === 2);
    expect(run.counted.relists).toEqual(['unreadable']);
  });

  it.each([
    { of: 'an unknown kind', status: { code: 500, message: 'etcdserver: leader changed' } },
    { of: 'nothing', status: undefined },
  ])('The watch is opened again after an ERROR event of $of', async ({ status }) => {
    await using run = await setup({ pods: [podManifest('a')] });
    run.api.sendRaw('Pod', JSON.stringify({ type: 'ERROR', object: status }));
    await eventually(() => run.api.requests.Pod.watch === 1 && run.api.watches === 1);
    run.api.apply(podManifest('b'));
    await eventually(run.isEqual);
  });

  it('The watch loop lists again if the API server is behind the known resourceVersion', async () => {
    await using run = await setup({ pods: [podManifest('a')] });
    const message = 'Timeout: Too large resource version: 99, current: 5';
    run.api.sendRaw(
      'Pod',
      JSON.stringify({ type: 'ERROR', object: { code: 504, reason: 'Timeout', message } }),
    );
    await eventually(() => run.api.requests.Pod.streaming === 2);
    expect(run.counted.relists).toEqual(['refused']);
  });

  it('The watch loop stops with its signal, whatever it is doing', async () => {
    await using idle = await setup();
    idle.stop.abort();
    await idle.start();
    await using hanging = await runPods();
    hanging.api.hang();
    const running = hanging.start();
    await eventually(() => hanging.api.requests.Pod.streaming === 1);
    hanging.stop.abort();
    await running;
    await using pausing = await runPods();
    pausing.api.refuse(429, { 'retry-after': '50000' });
    const paused = pausing.start();
    await eventually(() => pausing.lines.length === 1);
    pausing.stop.abort();
    await paused;
    expect(pausing.api.requests.Pod.streaming).toBe(1);
  });
});

import { describe, expect, it } from 'vitest';
import { silentLog } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { createCluster } from '../../src/kubernetes/cluster.ts';
import { createHistory } from '../../src/kubernetes/history.ts';
import { createCurrentVersion } from '../../src/kubernetes/watch/current-version.ts';
import { eventually, hurriedClock, recordingLog, startApi } from './setup.ts';
import { podManifest, runPods } from './watch/list-watch-setup.ts';

const metrics = { watchEvents: () => undefined, relists: () => undefined, limitHit: () => undefined };

describe('Watch loop after an etcd restore', () => {
  it('The watch loop lists again once its watch drops, even if the API server accepts a version from the future', async () => {
    await using run = await runPods({ pods: [podManifest('a')] });
    const restore = run.api.backup();
    void run.start();
    await eventually(run.synced);
    for (let change = 0; change < 20; change++) run.api.apply(podManifest('a', `role-${change}`));
    run.api.apply(podManifest('lost'));
    await eventually(run.isEqual);
    restore();
    run.api.dropWatches('cut');
    await eventually(() => run.isEqual() && run.store.size === 1);
    expect(run.counted.relists).toEqual(['older']);
    run.api.apply(podManifest('a', 'after'));
    await eventually(run.isEqual);
  });

  it('The watch loop reads the current version before each watch except one that starts where a list ended', async () => {
    await using run = await runPods({ pods: [podManifest('a')] });
    run.api.offerStreamingList = false;
    void run.start();
    await eventually(() => run.api.requests.Pod.watch === 1);
    expect(run.api.requests.Pod.version).toBe(0);
    run.api.dropWatches('end');
    await eventually(() => run.api.requests.Pod.watch === 2);
    expect(run.api.requests.Pod).toMatchObject({ list: 1, version: 1 });
    expect(run.counted.relists).toEqual([]);
  });

  it('The watch loop lists again if the current version is read and is older than what the watch has sent', async () => {
    await using run = await runPods({ pods: [podManifest('a')] });
    const restore = run.api.backup();
    void run.start();
    await eventually(run.synced);
    run.api.apply(podManifest('lost'));
    await eventually(run.isEqual);
    await expect(run.loop.current.ask()).resolves.toBe(run.store.resourceVersion);
    // The watch stays open without any sign of the restore.
    restore();
    await expect(run.loop.current.ask()).resolves.not.toBe(run.store.resourceVersion);
    await eventually(() => run.isEqual() && run.store.size === 1);
    expect(run.counted.relists).toEqual(['older']);
  });
});

describe('Cluster after an etcd restore', () => {
  async function setup() {
    const clock = hurriedClock(50);
    const { api, connection, ...rest } = await startApi({ clock, pods: [podManifest('a')] });
    api.apply({ kind: 'Namespace', metadata: { name: 'team-a' } });
    const restore = api.backup();
    const { log, lines } = recordingLog();
    const cluster = createCluster({ connection, clock, log: log, metrics, random: Math.random });
    const stop = new AbortController();
    const running = cluster.run(stop.signal);
    await eventually(cluster.synced);
    return {
      api,
      restore,
      cluster,
      lines,
      async [Symbol.asyncDispose]() {
        stop.abort();
        await running;
        await rest[Symbol.asyncDispose]();
      },
    };
  }

  it('The cluster lists all kinds again if one of them shows a restore, and reports it once the lists are complete', async () => {
    await using run = await setup();
    const { api, cluster } = run;
    const annotations = { 'iam.amazonaws.com/permitted': 'lost' };
    api.apply({ kind: 'Namespace', metadata: { name: 'team-a', annotations } });
    for (let change = 0; change < 5; change++) api.apply(podManifest('a', `role-${change}`));
    await eventually(
      () => cluster.namespaces.get('team-a')?.annotations['iam.amazonaws.com/permitted'] === 'lost',
    );
    const atTheTime: unknown[] = [];
    cluster.history.onRestored(() => atTheTime.push(cluster.namespaces.get('team-a')?.annotations));
    expect(cluster.history.restoredMs()).toBeUndefined();
    run.restore();
    // Of the kinds only Pods are asked: the watches of the others hang on.
    await cluster.history
      .current('Pod')
      .ask()
      .catch(() => undefined);
    await eventually(() => atTheTime.length > 0);
    expect(atTheTime).toEqual([{}]);
    expect(cluster.history.restoredMs()).toBeDefined();
    expect(
      run.lines
        .filter(({ message }) => message.includes('restored to an older state'))
        .map(({ level }) => level),
    ).toContain('warn');
  });
});

describe('History', () => {
  /** Stores at version 20, of which Pods are found restored to 10, and how often that was reported. */
  function setup() {
    const clock = createFakeClock();
    const confirmed = { Pod: 0, Namespace: -1, ServiceAccount: -1, Node: -1 };
    const kind = (name: keyof typeof confirmed, resourceVersion = '20') => ({
      store: { resourceVersion },
      loop: {
        restored: () => undefined,
        current: {
          ask: () => Promise.resolve(''),
          get confirmedMs() {
            return confirmed[name];
          },
        },
      },
    });
    const kinds = {
      Pod: kind('Pod', '10'),
      Namespace: kind('Namespace'),
      ServiceAccount: kind('ServiceAccount'),
      Node: kind('Node'),
    };
    const history = createHistory({ kinds: () => kinds, clock, log: silentLog });
    const run = { clock, confirmed, told: 0 };
    history.onRestored(() => (run.told += 1));
    history.restored('Pod', '20', '10');
    return run;
  }

  it('A restore is reported once, after all kinds that were ahead have been listed again', async () => {
    const run = setup();
    await run.clock.advance(10_000);
    const nowMs = run.clock.monotonic();
    Object.assign(run.confirmed, { Namespace: nowMs, ServiceAccount: nowMs });
    await run.clock.advance(10_000);
    expect(run.told).toBe(0);
    run.confirmed.Node = nowMs;
    await run.clock.advance(10_000);
    expect(run.told).toBe(1);
  });

  it('A restore is reported after a minute even if a kind cannot be listed', async () => {
    const run = setup();
    await run.clock.advance(58_000);
    expect(run.told).toBe(0);
    await run.clock.advance(3_000);
    expect(run.told).toBe(1);
  });
});

describe('Current version', () => {
  function setup() {
    const clock = createFakeClock();
    const reads: number[] = [];
    const current = createCurrentVersion({
      path: '/api/v1/pods',
      store: { resourceVersion: '10' },
      read: () => {
        reads.push(clock.monotonic());
        return Promise.resolve('12');
      },
      restored: () => undefined,
      clock,
      signal: () => new AbortController().signal,
    });
    return { clock, reads, current };
  }

  it('The current version is read from the API server at most every two seconds, however often it is asked for', async () => {
    const { clock, reads, current } = setup();
    const answers: Promise<string>[] = [];
    for (let asked = 0; asked < 1_000; asked++) {
      answers.push(current.ask());
      await clock.advance(10);
    }
    await clock.advance(2_000);
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['12']));
    expect(reads).toEqual([0, 2_000, 4_000, 6_000, 8_000, 10_000]);
  });

  it('The current version records when the store was last confirmed not to be ahead', async () => {
    const { clock, current } = setup();
    expect(current.confirmedMs).toBe(-Infinity);
    await clock.advance(5_000);
    await current.ask();
    expect(current.confirmedMs).toBe(5_000);
  });
});

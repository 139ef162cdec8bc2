import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type { AgentReport } from '@rolegate/protocol';
import { createBackoff } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { createFeedClient } from '../../src/feed/feed-client.ts';
import type { ServerAddress } from '../../src/feed/server-addresses.ts';
import { createTestLog } from '../addresses/known-pods.ts';

type Call = ReturnType<typeof fakeCall>;

/** One stream as in grpc-js, with the server's side controlled by the test. */
function fakeCall(address: ServerAddress) {
  const events = new EventEmitter();
  const sent: AgentReport[] = [];
  const call = {
    write: (report: AgentReport) => sent.push(report) > 0,
    end: () => undefined,
    cancel: () => {
      state.cancelled = true;
    },
    on: (event: string, listener: (value: never) => void) => events.on(event, listener as () => void),
  };
  const state = { cancelled: false, closed: false };
  return {
    call,
    sent,
    state,
    address,
    say: (update: object) => events.emit('data', update),
    hello: (streamEndsInMs = 0, serverTimeMs = 0) =>
      events.emit('data', {
        update: 'hello',
        hello: { serverTimeMs, streamEndsInMs, version: '1', serverName: 's' },
      }),
    synced: () => events.emit('data', { update: 'synced', synced: { podsResourceVersion: '1' } }),
    fail: (message = 'connection lost') => events.emit('error', new Error(message)),
  };
}

function setup() {
  const clock = createFakeClock();
  const log = createTestLog();
  const calls: Call[] = [];
  const applied: string[] = [];
  const skews: number[] = [];
  const stop = new AbortController();
  const stops = stop;
  const rounds = { failed: [] as string[], untried: false };
  let snapshots = 0;
  const client = createFeedClient({
    addresses: {
      next: () => Promise.resolve({ host: `198.18.0.${calls.length + 1}`, port: 9610, name: 'rolegate' }),
      failed: ({ host }) => rounds.failed.push(host),
      reset: () => undefined,
      get untried() {
        return rounds.untried;
      },
    },
    open: (address) => {
      const call = fakeCall(address);
      calls.push(call);
      return { call: call.call, close: () => (call.state.closed = true) };
    },
    firstReport: () => ({ nodeName: 'node-a' }),
    beginSnapshot: () => (snapshots += 1),
    apply: (update) => applied.push(update.podRemoved?.uid ?? update.update ?? '?'),
    forget: () => applied.push('forget'),
    clockSkew: (skewMs) => skews.push(skewMs),
    backoff: createBackoff({ firstMs: 100, capMs: 5_000, random: () => 1 }),
    clock,
    log,
  });
  const done = client.run(stops.signal);
  endings.push(async () => {
    stops.abort();
    await done;
  });
  const at = async (index: number): Promise<Call> => {
    for (let waited = 0; waited < 50 && calls[index] === undefined; waited++) await clock.advance(0);
    const call = calls[index];
    if (call === undefined) throw new Error(`stream ${index} was not opened`);
    return call;
  };
  return { client, clock, log, calls, at, applied, skews, stop, done, rounds, snapshots: () => snapshots };
}

const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

async function connected() {
  const world = setup();
  const first = await world.at(0);
  first.hello();
  first.synced();
  await world.clock.advance(0);
  return { ...world, first };
}

describe('Feed client', () => {
  it('The feed client names its node first, and is connected once the snapshot is complete', async () => {
    const { client, clock, at, snapshots } = setup();
    const call = await at(0);
    expect(call.sent).toEqual([{ nodeName: 'node-a' }]);
    call.hello();
    expect(client.connected).toBe(false);
    expect(snapshots()).toBe(1);
    call.synced();
    await clock.advance(0);
    expect(client.connected).toBe(true);
    expect(client.lostSinceMs).toBeUndefined();
  });

  it('The feed client applies updates in order', async () => {
    const { first, applied } = await connected();
    for (const uid of ['a', 'b']) first.say({ update: 'podRemoved', podRemoved: { uid } });
    expect(applied).toEqual(['synced', 'a', 'b']);
  });

  it('The feed client tries another address after each failure and never gives up', async () => {
    const { clock, at, calls } = setup();
    for (let attempt = 0; attempt < 12; attempt++) {
      (await at(attempt)).fail();
      await clock.advance(5_000);
    }
    expect(calls.length).toBeGreaterThanOrEqual(12);
    expect(new Set(calls.map(({ address }) => address.host)).size).toBe(calls.length);
    expect(calls.every(({ state }, index) => state.closed || index === calls.length - 1)).toBe(true);
  });

  it('The feed client does not wait before an untried server, and reports which server has failed', async () => {
    const { clock, at, calls, rounds } = setup();
    rounds.untried = true;
    for (let attempt = 0; attempt < 5; attempt++) (await at(attempt)).fail();
    expect(clock.monotonic()).toBe(0);
    const last = await at(5);
    last.hello();
    last.synced();
    await clock.advance(0);
    last.fail();
    await at(6);
    expect(rounds.failed).toEqual(calls.slice(0, 6).map(({ address }) => address.host));
  });

  it('The feed client logs once a minute while no server is available, and then how long the outage was', async () => {
    const { log, client, clock, first, at, calls } = await connected();
    await clock.advance(20_000);
    first.fail();
    const lostMs = clock.monotonic();
    const lines = (message: string) =>
      log.lines.filter(([, said]) => said === message).map(([, , rest]) => rest);
    while (clock.monotonic() - lostMs < 3_600_000) {
      (await at(calls.length - 1)).fail();
      await clock.advance(5_000);
    }
    const away = lines('feed unavailable');
    expect(away.length).toBeGreaterThan(55);
    expect(away.length).toBeLessThanOrEqual(61);
    expect(away.at(-1)).toEqual(expect.objectContaining({ leftOut: expect.any(Number) }));
    const last = await at(calls.length - 1);
    last.hello();
    last.synced();
    await clock.advance(0);
    expect(client.connected).toBe(true);
    expect(lines('feed synced').at(-1)).toMatchObject({ awayMs: clock.monotonic() - lostMs });
  });

  it('The feed client never waits longer than five seconds between attempts', async () => {
    const { clock, at, calls } = setup();
    for (let attempt = 0; attempt < 10; attempt++) {
      (await at(attempt)).fail();
      await clock.advance(5_000);
      expect(calls).toHaveLength(attempt + 2);
    }
  });

  it('The feed client gives up on a server that accepts the stream and then sends nothing', async () => {
    const { clock, at } = setup();
    const silent = await at(0);
    await clock.advance(5_000);
    expect(silent.state).toEqual({ cancelled: true, closed: true });
    await clock.advance(1_000);
    (await at(1)).hello();
  });

  it('The feed client gives up on a server whose snapshot never ends', async () => {
    const { clock, at } = setup();
    const slow = await at(0);
    slow.hello();
    await clock.advance(30_000);
    expect(slow.state.cancelled).toBe(true);
  });

  it('The feed client reconnects elsewhere after losing a stream, and knows since when it has been disconnected', async () => {
    const { client, clock, first, at } = await connected();
    await clock.advance(60_000);
    first.fail();
    await clock.advance(0);
    expect(client.connected).toBe(false);
    expect(client.lostSinceMs).toBe(clock.monotonic());
    const second = await at(1);
    second.hello();
    second.synced();
    await clock.advance(0);
    expect(client.connected).toBe(true);
  });

  it('The feed client opens the next stream before the old one ends, and closes the old one after the switch', async () => {
    const { client, clock, at, calls } = setup();
    const first = await at(0);
    first.hello(100_000);
    first.synced();
    await clock.advance(89_000);
    expect(calls).toHaveLength(1);
    await clock.advance(2_000);
    const second = await at(1);
    expect(first.state.closed).toBe(false);
    expect(client.connected).toBe(true);
    second.hello();
    second.synced();
    await clock.advance(0);
    expect(first.state.closed).toBe(true);
    expect(second.state.closed).toBe(false);
    expect(client.connected).toBe(true);
  });

  it('A lost stream leaves no timer behind, however far away its announced end is', async () => {
    const { clock, at } = setup();
    const first = await at(0);
    first.hello(1_800_000);
    first.synced();
    await clock.advance(0);
    const { pending } = clock;
    first.fail();
    await clock.advance(200);
    const second = await at(1);
    second.hello(1_800_000);
    second.synced();
    await clock.advance(0);
    expect(clock.pending).toBe(pending);
  });

  it('The feed client forgets resourceVersions if the server says so, before the first update of the new snapshot', async () => {
    const { at, applied, log } = setup();
    const call = await at(0);
    call.say({ update: 'hello', hello: { serverTimeMs: 0, streamEndsInMs: 0, forget: true } });
    call.say({ update: 'podRemoved', podRemoved: { uid: 'a' } });
    expect(applied).toEqual(['forget', 'a']);
    expect(log.lines.map(([level, message]) => `${level} ${message}`)).toContain(
      'warn API server was restored to an older state',
    );
  });

  it('The feed client does not apply updates of the old stream once the next one has begun', async () => {
    const { clock, at, applied } = setup();
    const first = await at(0);
    first.hello(20_000);
    first.synced();
    await clock.advance(18_000);
    (await at(1)).hello();
    first.say({ update: 'podRemoved', podRemoved: { uid: 'stale' } });
    expect(applied).not.toContain('stale');
  });

  it('The feed client is disconnected if the next stream breaks in its snapshot', async () => {
    const { client, clock, at } = setup();
    const first = await at(0);
    first.hello(20_000);
    first.synced();
    await clock.advance(18_000);
    const second = await at(1);
    second.hello();
    second.fail();
    await clock.advance(0);
    expect(client.connected).toBe(false);
    expect(first.state.closed).toBe(true);
  });

  it('The feed client drops a stream whose updates are out of order', async () => {
    const { clock, at } = setup();
    const rude = await at(0);
    rude.synced();
    expect(rude.state.cancelled).toBe(true);
    await clock.advance(200);
    expect((await at(1)).state.cancelled).toBe(false);
  });

  it('The feed client reports the clock skew', async () => {
    const { clock, at, skews } = setup();
    (await at(0)).hello(0, clock.now() - 7_000);
    expect(skews).toEqual([7_000]);
  });

  it('The feed client sends reports on its stream, and returns false if it has none', async () => {
    const { client, clock, first } = await connected();
    expect(client.report({ usedSessionIds: ['s'] })).toBe(true);
    expect(first.sent.at(-1)).toEqual({ usedSessionIds: ['s'] });
    first.fail();
    await clock.advance(0);
    expect(client.report({ usedSessionIds: ['s'] })).toBe(false);
  });

  it('The status of the feed client names its server, since when, and the last fault', async () => {
    const { client, clock, at, first } = await connected();
    expect(client.status()).toEqual({ server: '198.18.0.1:9610', sinceMs: 0, lastFault: undefined });
    await clock.advance(20_000);
    first.fail('gone');
    await clock.advance(0);
    const lost = { server: '198.18.0.1:9610', sinceMs: 20_000, lastFault: { message: 'gone', atMs: 20_000 } };
    expect([client.connected, client.status()]).toEqual([false, lost]);
    await clock.advance(1_000);
    const next = await at(1);
    next.hello();
    next.synced();
    await clock.advance(0);
    expect(client.status()).toEqual({ ...lost, server: '198.18.0.2:9610', sinceMs: 21_000 });
  });

  it('The feed client ends when it is stopped, and closes its stream', async () => {
    const { stop, done, first } = await connected();
    stop.abort();
    await done;
    expect(first.state.closed).toBe(true);
  });
});

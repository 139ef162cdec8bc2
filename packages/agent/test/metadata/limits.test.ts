import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/pod-http/http-limits.ts';
import { allow, LIST, OTHER_IP, POD_IP, podOf, serve, sessionOf, until } from './served.ts';
import type { Served } from './served.ts';

const CREDENTIALS = `${LIST}app/reader`;
const REQUEST = `GET ${CREDENTIALS} HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n`;

/** Two Pods with credentials, of two Namespaces. */
function learnBoth(served: Served): void {
  served.sessions.set('s-1', sessionOf('s-1', 'mine'));
  served.callers.set(POD_IP, { kind: 'pod', pod: podOf() });
  const decision = { ...allow, sessionId: 's-1' };
  served.callers.set(OTHER_IP, {
    kind: 'pod',
    pod: podOf({
      uid: 'uid-2',
      name: 'web-2',
      namespace: 'team-b',
      decision,
    }),
  });
}

/** Opens a connection, gets one answer on it and leaves it open. */
async function ask(served: Served, ip = POD_IP) {
  const connection = await served.dial(ip);
  connection.socket.write(REQUEST);
  await until(() => connection.received().includes('\r\n\r\n') || connection.socket.closed);
  return connection;
}

/** Opens a connection with a request that is held. */
async function wait(served: Served, ip = POD_IP) {
  const { waiting } = served.server.load();
  const hits = served.limitHits.length;
  const connection = await served.dial(ip);
  connection.socket.write(REQUEST);
  await until(
    () =>
      served.server.load().waiting > waiting ||
      served.limitHits.length > hits ||
      connection.received() !== '',
  );
  return connection;
}

/** The runtime knows the Pod but the feed does not: its requests are held, and count for it. */
function awaitFeed(served: Served): void {
  for (const [ip, uid, namespace] of [
    [POD_IP, 'uid-1', 'team-a'],
    [OTHER_IP, 'uid-2', 'team-b'],
  ] as const)
    served.callers.set(ip, { kind: 'unknown', uid, namespace, waitsFor: 'the feed to list Pod' });
}

describe('Connection limits', () => {
  it('A new connection of a Pod at its limit is served, and the one that was idle the longest is closed', async () => {
    await using served = await serve({ limits: { ...defaultLimits, connectionsPerPod: 2 } });
    learnBoth(served);
    const [first, second] = [await ask(served), await ask(served)];
    const third = await ask(served);
    expect(third.received()).toContain('mine');
    await until(() => first.socket.closed);
    expect(second.socket.closed).toBe(false);
    expect(served.limitHits).toEqual(['connections_per_pod']);
    for (const { socket } of [second, third]) socket.destroy();
  });

  it('A Pod’s connection beyond its limit is answered 503 if all others are busy, whatever it requests', async () => {
    await using served = await serve({ limits: { ...defaultLimits, connectionsPerPod: 2 } });
    awaitFeed(served);
    const busy = [await wait(served), await wait(served)];
    for (const target of [CREDENTIALS, '//', '/latest/api/token'])
      expect(await served.ask(target)).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(served.records[0]).toMatchObject({ reason: 'TooManyRequests', ip: POD_IP });
    learnBoth(served);
    served.change();
    for (const { received } of busy) await until(() => received().includes('mine'));
    for (const { socket } of busy) socket.destroy();
  });

  it('Connections of addresses that no Pod owns count together, and take at most an eighth of the places', async () => {
    await using served = await serve({
      limits: { ...defaultLimits, connectionsPerPod: 16, connections: 16 },
    });
    learnBoth(served);
    const strangers = [];
    for (let last = 1; last <= 3; last += 1) strangers.push(await served.dial(`127.0.1.${last}`));
    expect((await served.ask(CREDENTIALS)).status).toBe(200);
    await until(() => served.limitHits.length > 0);
    expect(served.limitHits).toEqual(['connections_unknown']);
    for (const { socket } of strangers) socket.destroy();
  });

  it("Connections of one Namespace make room at the node's limit for seventeen of another Namespace's Pod", async () => {
    await using served = await serve({
      limits: { ...defaultLimits, connectionsPerPod: 64, connections: 64 },
    });
    learnBoth(served);
    const hoard: Awaited<ReturnType<typeof wait>>[] = [];
    for (let count = 0; count < 64; count += 1) hoard.push(await served.dial(POD_IP));
    const others = [];
    for (let count = 0; count < 17; count += 1) others.push(await ask(served, OTHER_IP));
    for (const { socket, received } of others) {
      expect(received()).toContain('mine');
      expect(socket.closed).toBe(false);
    }
    await until(() => hoard.filter(({ socket }) => socket.closed).length === 17);
    for (const { socket } of [...hoard, ...others]) socket.destroy();
  });

  it('A connection counts for its Pod as soon as the Pod is known', async () => {
    await using served = await serve({
      limits: { ...defaultLimits, connectionsPerPod: 16, connections: 32 },
    });
    const early = await wait(served);
    learnBoth(served);
    served.change();
    await until(() => early.received().includes('mine'));
    const strangers = [];
    for (let last = 1; last <= 4; last += 1) strangers.push(await served.dial(`127.0.1.${last}`));
    await served.ask(CREDENTIALS);
    expect(served.limitHits).toEqual([]);
    for (const { socket } of [early, ...strangers]) socket.destroy();
  });
});

describe('Waiting limits', () => {
  it('A waiting request beyond a Pod’s limit is answered 503 at once, and the others keep waiting', async () => {
    await using served = await serve({ limits: { ...defaultLimits, waitingPerPod: 2 } });
    awaitFeed(served);
    const waiting = [await wait(served), await wait(served), await wait(served, OTHER_IP)];
    expect(await served.ask(CREDENTIALS)).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(served.limitHits).toEqual(['waiting_per_pod']);
    learnBoth(served);
    served.change();
    for (const { socket, received } of waiting) {
      await until(() => received().includes('mine'));
      socket.destroy();
    }
  });

  it("Waiting requests of the Pod that has the most make room at the node's limit", async () => {
    await using served = await serve({ limits: { ...defaultLimits, waitingPerPod: 20, waiting: 20 } });
    awaitFeed(served);
    const hoard: Awaited<ReturnType<typeof wait>>[] = [];
    for (let count = 0; count < 20; count += 1) hoard.push(await wait(served));
    const other = await wait(served, OTHER_IP);
    expect(other.received()).toBe('');
    await until(() => hoard[0]?.received().includes('503') === true);
    expect(served.limitHits).toEqual(['waiting']);
    learnBoth(served);
    served.change();
    await until(() => other.received().includes('mine'));
    for (const { socket } of [...hoard, other]) socket.destroy();
  });
});

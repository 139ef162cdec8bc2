import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { answer, LIMITS, startServer, summary } from './setup.ts';

const GET = 'GET /a HTTP/1.1\r\n\r\n';

/** The first `count` connections belong to one client, the others to another. */
function firstOnes(count: number) {
  return (opened: number) => (opened < count ? { group: 'a', name: 'a1' } : { group: 'b', name: 'b1' });
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await setImmediate();
}

describe('Client limit', () => {
  const limits = { places: { perClient: 2, total: 16, spared: 0 } };

  it("At its own limit a client's longest idle connection is closed without an answer to make room", async () => {
    await using t = await startServer({ limits });
    const first = await t.open();
    const second = await t.open();
    first.send(GET);
    await first.gets('/a');
    const third = await t.open();
    // The first one has been busy since, so the second one has been idle for longer.
    expect(await second.over).toBe('ended');
    expect(second.got()).toBe('');
    for (const client of [first, third]) {
      client.send(GET);
      await client.gets('/a');
    }
    expect(t.limitsHit).toEqual(['connections_per_client']);
  });

  it("Connections with a request make no room at their client's own limit, and the new one is answered 503", async () => {
    await using t = await startServer({ limits, request: () => undefined });
    const busy = [await t.open(), await t.open()];
    for (const client of busy) client.send(GET);
    await t.received(2);
    const third = t.dial();
    third.send(GET);
    expect(await third.over).toBe('ended');
    expect(summary(third.got())).toEqual(['503']);
    for (const request of t.requests) t.server.respond(request, answer('/a'));
    for (const client of busy) await client.gets('/a');
  });

  it('A connection in the middle of a head is reset to make room', async () => {
    await using t = await startServer({ limits, request: () => undefined });
    const busy = await t.open();
    busy.send(GET);
    await t.received(1);
    const partial = await t.open();
    partial.send('GET /a');
    await settle();
    await t.open();
    expect(await partial.over).toBe('reset');
  });

  it('A connection that has ended makes room for a new one', async () => {
    await using t = await startServer({ limits, request: () => undefined });
    const busy = [await t.open(), await t.open()];
    for (const client of busy) client.send(GET);
    await t.received(2);
    busy[0]?.socket.destroy();
    while (t.server.connections.size > 1) await setImmediate();
    const third = t.dial();
    third.send(GET);
    await t.received(3);
    expect(t.limitsHit).toEqual([]);
  });
});

describe('Shared limit', () => {
  const limits = { places: { perClient: 16, total: 4, spared: 1 } };

  it('At a shared limit a request of the client with the most connections is answered 503, and learns of it', async () => {
    const gone: number[] = [];
    await using t = await startServer({
      limits,
      clientOf: firstOnes(4),
      request: (request) => {
        request.gone = () => gone.push(request.connection.context);
      },
    });
    const busy = [await t.open(), await t.open(), await t.open(), await t.open()];
    for (const client of busy) client.send(GET);
    await t.received(4);
    const newcomer = await t.open();
    newcomer.send(GET);
    await t.received(5);
    const [evicted] = t.requests.filter(({ connection }) => gone.includes(connection.context));
    expect(gone).toHaveLength(1);
    const loser = busy[(evicted?.connection.context ?? 0) - 1];
    expect(await loser?.over).toBe('ended');
    expect(summary(loser?.got() ?? '')).toEqual(['503']);
    if (evicted !== undefined) t.server.respond(evicted, answer('late'));
    expect(t.limitsHit).toEqual(['connections']);
  });

  it('A request that waits for its turn is not served after its connection has made room', async () => {
    await using t = await startServer({ limits, clientOf: firstOnes(4), request: () => undefined });
    const busy = Array.from({ length: 4 }, () => t.openInMemory());
    await setImmediate();
    for (const client of busy) client.send(GET);
    // The first one is evicted with its request, the second one while its request waits.
    for (let count = 0; count < 2; count += 1) t.openInMemory();
    await settle();
    expect(busy[0]?.sent()).toMatch(/^HTTP\/1\.1 503 /);
    expect(busy[1]?.wasReset()).toBe(true);
    expect(t.requests.map(({ connection }) => connection.context)).toEqual([1, 3, 4]);
  });

  it.each([
    { what: 'with a request that waits for its turn', isStalled: false },
    { what: 'with an answer that the kernel does not take', isStalled: true },
  ])('A connection that has made room $what makes none a second time', async ({ isStalled }) => {
    await using t = await startServer({
      limits,
      clientOf: firstOnes(4),
      request: (request) => {
        // The first one stays busy and is the first to be evicted.
        if (request.connection.context > 1) t.server.respond(request, answer('/a'));
      },
    });
    const busy = Array.from({ length: 4 }, () => t.openInMemory());
    await setImmediate();
    for (const client of busy) {
      if (isStalled) client.stall();
      client.send(GET);
    }
    if (isStalled) await settle();
    for (let count = 0; count < 2; count += 1) t.openInMemory();
    await settle();
    for (const { client } of t.server.connections)
      for (const idle of client.idle) expect(client.occupants.has(idle)).toBe(true);
    t.openInMemory();
    await settle();
    const served = [...t.server.connections].filter(({ stage }) => stage !== 'lingering');
    expect(served).toHaveLength(4);
  });
});

describe('Connection beyond all places', () => {
  const limits = { places: { perClient: 16, total: 16, spared: 16 } };

  /** All places are taken by busy connections. */
  async function startFull() {
    const t = await startServer({ limits, clientOf: firstOnes(16), request: () => undefined });
    for (let count = 0; count < 16; count += 1) (await t.open()).send(GET);
    await t.received(16);
    return t;
  }

  it('A connection beyond all places is answered 503 once its request is complete, and the request is not handled', async () => {
    await using t = await startFull();
    const client = t.dial();
    client.send('GET /a HT');
    await settle();
    expect(client.got()).toBe('');
    client.send('TP/1.1\r\n\r\n');
    expect(await client.over).toBe('ended');
    expect(summary(client.got())).toEqual(['503']);
    expect(t.requests).toHaveLength(16);
    expect(t.limitsHit).toEqual(['connections']);
  });

  it('A connection is reset if an eighth of all places is in use beyond them', async () => {
    await using t = await startFull();
    const answered = [await t.open(), await t.open()];
    const tooMany = t.dial();
    expect(await tooMany.over).toBe('reset');
    for (const client of answered) {
      client.send(GET);
      await client.over;
      client.socket.destroy();
      expect(summary(client.got())).toEqual(['503']);
    }
    while (t.server.connections.size > 16) await setImmediate();
    const next = t.dial();
    next.send(GET);
    await next.over;
    expect(summary(next.got())).toEqual(['503']);
  });

  it('A connection beyond all places is ended without an answer if it sends no request in time', async () => {
    await using t = await startFull();
    const client = await t.open();
    client.send('x'.repeat(10_000));
    await t.clock.advance(LIMITS.headMs + 250);
    expect(await client.over).toBe('ended');
    expect(client.got()).toBe('');
  });

  it('A connection beyond all places ends if its client ends it without a request', async () => {
    await using t = await startFull();
    const client = await t.open();
    client.end();
    expect(await client.over).toBe('ended');
  });
});

describe('Moved connection', () => {
  it('A connection moved to another client takes a place of that client, and frees its previous one', async () => {
    await using t = await startServer({
      limits: { places: { perClient: 1, total: 16, spared: 1 } },
      request: () => undefined,
    });
    const client = await t.open();
    client.send(GET);
    await t.received(1);
    t.server.recount(t.connection(0), { group: 'b', name: 'b1' });
    expect(t.connection(0).client).toMatchObject({ name: 'b1', group: { name: 'b', size: 1 } });
    const second = await t.open();
    second.send(GET);
    await t.received(2);
    expect(t.limitsHit).toEqual([]);
    const third = t.dial();
    third.send(GET);
    await third.over;
    expect(summary(third.got())).toEqual(['503']);
  });

  it('A client that has too many connections since a move loses the one that was idle longest', async () => {
    await using t = await startServer({
      limits: { places: { perClient: 1, total: 16, spared: 1 } },
      clientOf: (count) => ({ group: 'a', name: `a${count}` }),
    });
    const to = { group: 'b', name: 'b1' };
    const [first, second] = [await t.open(), await t.open()];
    for (const client of [first, second]) {
      client.send(GET);
      await t.received(client === first ? 1 : 2);
    }
    t.server.recount(t.connection(0), to);
    expect(t.limitsHit).toEqual([]);
    t.server.recount(t.connection(1), to);
    expect(await first.over).toBe('ended');
    expect(t.limitsHit).toEqual(['connections_per_client']);
    expect(t.connection(1).client).toMatchObject({ name: 'b1', group: { size: 1 } });
  });

  it('A connection that has lost its place takes none of the client it is moved to', async () => {
    await using t = await startServer({
      limits: { places: { perClient: 16, total: 1, spared: 0 } },
      clientOf: firstOnes(1),
      request: () => undefined,
    });
    const evicted = await t.open();
    evicted.send(GET);
    await t.received(1);
    const newcomer = await t.open();
    await evicted.over;
    t.server.recount(t.connection(0), { group: 'c', name: 'c1' });
    newcomer.socket.destroy();
    while (t.server.connections.size > 1) await setImmediate();
    const next = await t.open();
    next.send(GET);
    await t.received(2);
    expect(t.limitsHit).toEqual(['connections']);
  });
});

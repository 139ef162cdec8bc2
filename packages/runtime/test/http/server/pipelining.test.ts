import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { answer, LIMITS, startServer, summary } from './setup.ts';

const get = (target: string) => `GET ${target} HTTP/1.1\r\n\r\n`;
const TOO_MUCH = 'x'.repeat(LIMITS.behindBytes + 1);

/** A server that keeps its requests until a test answers them. */
function startWaiting() {
  return startServer({ request: () => undefined });
}

type Waiting = Awaited<ReturnType<typeof startWaiting>>;

function respond(t: Waiting, at: number): void {
  const request = t.requests[at];
  if (request === undefined) throw new Error(`no request ${at}`);
  t.server.respond(request, answer(request.head.target));
}

describe('requests that come behind one another', () => {
  it('are answered in order, and none is looked at before the answer to the one before it is out', async () => {
    await using t = await startWaiting();
    const client = t.dial();
    client.send(`${get('/a')}${get('/b')}bad\r\n\r\n`);
    for (const [at, target] of ['/a', '/b'].entries()) {
      await t.received(at + 1);
      for (let turn = 0; turn < 5; turn += 1) await setImmediate();
      expect(t.requests).toHaveLength(at + 1);
      expect(t.refusals).toEqual([]);
      respond(t, at);
      await client.gets(target);
    }
    expect(await client.over).toBe('ended');
    expect(summary(client.got())).toEqual(['200 /a', '200 /b', '400']);
  });

  it('are not answered before the event loop has looked at its sockets again', async () => {
    await using t = await startServer();
    const client = t.openInMemory();
    await setImmediate();
    client.send(get('/a').repeat(3));
    expect(t.requests).toHaveLength(1);
    await setImmediate();
    expect(t.requests).toHaveLength(3);
  });

  it('do not delay the first one of another client', async () => {
    await using t = await startServer({
      clientOf: (count) => (count < 8 ? { group: 'a', name: 'a1' } : { group: 'b', name: 'b1' }),
    });
    const flood = Array.from({ length: 8 }, () => t.openInMemory());
    const victim = t.openInMemory();
    await setImmediate();
    for (const client of flood) client.send(get('/flood').repeat(10));
    victim.send(get('/victim'));
    expect(t.requests.map(({ head }) => head.target)).toEqual(['/flood', '/victim']);
  });

  it('wait until the kernel has taken the answer to the one before', async () => {
    await using t = await startServer();
    const client = t.openInMemory();
    await setImmediate();
    client.stall();
    client.send(get('/a').repeat(2));
    for (let turn = 0; turn < 5; turn += 1) await setImmediate();
    expect(t.requests).toHaveLength(1);
    await t.clock.advance(LIMITS.answerMs + 250);
    await client.closed;
    expect(client.wasReset()).toBe(true);
    expect(t.limitsHit).toEqual(['answer_time']);
    expect(t.requests).toHaveLength(1);
  });

  it('can have bodies', async () => {
    await using t = await startServer();
    const client = t.dial();
    const sized = 'PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc';
    const chunked = 'PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n0\r\n\r\n';
    client.send(`${sized}${chunked}${get('/a')}${sized}`);
    client.end();
    expect(await client.over).toBe('ended');
    expect(summary(client.got())).toEqual(['200 abc', '200 xyz', '200 /a', '200 abc']);
  });
});

describe('more than is kept behind a request', () => {
  it('is dropped with the connection once that is answered, if it came with it', async () => {
    await using t = await startServer();
    const client = t.dial();
    client.send(`${get('/a')}${get('/b').repeat(40)}`);
    expect(await client.over).toBe('ended');
    expect(summary(client.got())).toEqual(['200 /a']);
    expect(client.got()).toContain('Connection: close');
    expect(t.limitsHit).toEqual(['pipelined_bytes']);
  });

  it('resets the connection if it comes while the request waits, and the request is told', async () => {
    await using t = await startWaiting();
    const client = t.dial();
    client.send(get('/a'));
    await t.received(1);
    let gone = 0;
    const [request] = t.requests;
    if (request !== undefined) request.gone = () => (gone += 1);
    client.send(TOO_MUCH);
    expect(await client.over).toBe('reset');
    while (t.server.connections.size > 0) await setImmediate();
    expect(gone).toBe(1);
    expect(t.limitsHit).toEqual(['pipelined_bytes']);
  });

  it('stops the connection while the request waits for its turn, which is answered all the same', async () => {
    await using t = await startServer();
    const [first, second] = [t.openInMemory(), t.openInMemory()];
    await setImmediate();
    first.send(get('/first'));
    second.send(get('/second'));
    expect(t.requests).toHaveLength(1);
    for (let sent = 0; sent <= LIMITS.headBytes; sent += LIMITS.behindBytes) second.send(TOO_MUCH);
    await setImmediate();
    expect(summary(second.sent())).toEqual(['200 /second']);
    expect(second.sent()).toContain('Connection: close');
    expect(t.limitsHit).toEqual(['pipelined_bytes']);
    // It is heard again for its end.
    second.end();
    await second.closed;
  });

  it('does not count the head of a request that waits for its turn', async () => {
    await using t = await startServer();
    const [first, second] = [t.openInMemory(), t.openInMemory()];
    await setImmediate();
    first.send(get('/first'));
    second.send(`GET /second HTTP/1.1\r\nX: ${'x'.repeat(LIMITS.headBytes - 100)}\r\n\r\n`);
    second.send(get('/next'));
    await setImmediate();
    await setImmediate();
    expect(summary(second.sent())).toEqual(['200 /second', '200 /next']);
  });

  it('resets the connection while the kernel does not take an answer', async () => {
    await using t = await startServer();
    const client = t.openInMemory();
    await setImmediate();
    client.stall();
    client.send(get('/a'));
    client.send(TOO_MUCH);
    await client.closed;
    expect(client.wasReset()).toBe(true);
  });

  it('is not kept up to that point', async () => {
    await using t = await startWaiting();
    const client = t.dial();
    client.send(get('/a'));
    await t.received(1);
    const { connection } = t.requests[0] ?? {};
    client.send(TOO_MUCH.slice(1));
    while ((connection?.pending.length ?? 0) < TOO_MUCH.length - 1) await setImmediate();
    expect(t.server.connections.size).toBe(1);
  });

  it('resets the connection while its client has to read first', async () => {
    await using t = await startServer({
      limits: { unread: { perConnection: 1_000_000, perClient: 1, total: 1_000_000 } },
    });
    const client = t.openInMemory();
    await setImmediate();
    client.send(get('/a').repeat(2));
    await setImmediate();
    expect(t.connection(0).stage).toBe('unread');
    client.send(TOO_MUCH);
    await client.closed;
    expect(client.wasReset()).toBe(true);
  });

  it('is no matter if it is a body that nobody reads', async () => {
    await using t = await startWaiting();
    const client = t.dial();
    client.send(`POST /a HTTP/1.1\r\nContent-Length: ${2 * TOO_MUCH.length}\r\n\r\n${TOO_MUCH}`);
    await t.received(1);
    client.send(TOO_MUCH);
    await t.clock.advance(100);
    expect(t.requests[0]?.connection.pending).toBe('');
    respond(t, 0);
    expect(summary(await client.gets('/a'))).toEqual(['200 /a']);
  });
});

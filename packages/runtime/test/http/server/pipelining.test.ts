import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { answer, LIMITS, startServer, summary } from './setup.ts';

const get = (target: string) => `GET ${target} HTTP/1.1\r\n\r\n`;
const TOO_MUCH = 'x'.repeat(LIMITS.behindBytes + 1);

/** A server that keeps requests until a test answers them. */
function startWaiting() {
  return startServer({ request: () => undefined });
}

type Waiting = Awaited<ReturnType<typeof startWaiting>>;

function respond(t: Waiting, at: number): void {
  const request = t.requests[at];
  if (request === undefined) throw new Error(`no request ${at}`);
  t.server.respond(request, answer(request.head.target));
}

describe('Pipelined requests', () => {
  it('Pipelined requests are answered in order, and each is handled only after the previous answer is sent', async () => {
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

  it('Pipelined requests are answered only after the event loop has polled its sockets again', async () => {
    await using t = await startServer();
    const client = t.openInMemory();
    await setImmediate();
    client.send(get('/a').repeat(3));
    expect(t.requests).toHaveLength(1);
    await setImmediate();
    expect(t.requests).toHaveLength(3);
  });

  it('Pipelined requests do not delay the first request of another client', async () => {
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

  it('A pipelined request waits until the kernel has taken the previous answer', async () => {
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

  it('Pipelined requests can have bodies', async () => {
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

describe('Pipelining limit', () => {
  it('A connection that sends too much together with a request ends with the answer to that request', async () => {
    await using t = await startServer();
    const client = t.dial();
    client.send(`${get('/a')}${get('/b').repeat(40)}`);
    expect(await client.over).toBe('ended');
    expect(summary(client.got())).toEqual(['200 /a']);
    expect(client.got()).toContain('Connection: close');
    expect(t.limitsHit).toEqual(['pipelined_bytes']);
  });

  it("Too much data behind a waiting request resets the connection, and the request's handler is notified", async () => {
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

  it('Too much data behind a request that waits for its turn ends the connection after its answer', async () => {
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
    // It is read again to notice its end.
    second.end();
    await second.closed;
  });

  it('The head of a request that waits for its turn does not count against the pipelining limit', async () => {
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

  it('Too much data behind an answer that the kernel does not accept resets the connection', async () => {
    await using t = await startServer();
    const client = t.openInMemory();
    await setImmediate();
    client.stall();
    client.send(get('/a'));
    client.send(TOO_MUCH);
    await client.closed;
    expect(client.wasReset()).toBe(true);
  });

  it('Data up to the pipelining limit is kept behind a waiting request', async () => {
    await using t = await startWaiting();
    const client = t.dial();
    client.send(get('/a'));
    await t.received(1);
    const { connection } = t.requests[0] ?? {};
    client.send(TOO_MUCH.slice(1));
    while ((connection?.pending.length ?? 0) < TOO_MUCH.length - 1) await setImmediate();
    expect(t.server.connections.size).toBe(1);
  });

  it('Too much data resets the connection while its client has to read first', async () => {
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

  it('A body that nobody reads does not count against the pipelining limit', async () => {
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

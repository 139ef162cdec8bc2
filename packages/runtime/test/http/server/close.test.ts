import { once } from 'node:events';
import { connect } from 'node:net';
import type { Server } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { answer, startServer, summary } from './setup.ts';

const GET = 'GET /a HTTP/1.1\r\n\r\n';

type TestServer = Awaited<ReturnType<typeof startServer>>;

/** Begins to close the server. Resolves when it has stopped listening, with a promise for the end. */
async function beginToClose({ server, clock }: TestServer, withinMs: number) {
  const before = clock.pending;
  const closed = server.close(withinMs);
  // Its own timers start when it has stopped listening.
  while (clock.pending < before + 2) await setImmediate();
  return { closed };
}

async function isRefused(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  return once(socket, 'connect').then(
    () => false,
    () => true,
  );
}

describe('Closing server', () => {
  it('A server without connections closes immediately and leaves no timer', async () => {
    const t = await startServer();
    await t.server.close(5_000);
    expect(t.clock.pending).toBe(0);
    expect(await isRefused(t.port)).toBe(true);
  });

  it('A server that is closed while it begins to listen does not listen', async () => {
    const t = await startServer();
    let server: Server | undefined;
    const listening = t.server.listen({}, async (own) => {
      server = own;
      own.listen(0, '127.0.0.1');
      await once(own, 'listening');
      await t.server.close(5_000);
    });
    await expect(listening).rejects.toThrow('the server is closing');
    expect(server?.listening).toBe(false);
  });

  it('A closing server answers the requests it has accepted, and ends each connection with its answer', async () => {
    await using t = await startServer({ request: () => undefined });
    const waiting = await t.open();
    const queued = await t.open();
    waiting.send(GET);
    queued.send(`${GET}${GET}`);
    await t.received(2);
    const { closed } = await beginToClose(t, 5_000);
    expect(await isRefused(t.port)).toBe(true);
    for (const request of t.requests) t.server.respond(request, answer('/a'));
    for (const client of [waiting, queued]) {
      expect(await client.over).toBe('ended');
      expect(summary(client.got())).toEqual(['200 /a']);
      expect(client.got()).toContain('Connection: close');
      client.end();
    }
    await closed;
    expect(t.clock.pending).toBe(0);
  });

  it('A closing server answers a last request on an idle connection for a second, and then ends the connection', async () => {
    await using t = await startServer();
    const [busy, idle, fresh] = [await t.open(), await t.open(), await t.open()];
    for (const client of [busy, idle]) {
      client.send(GET);
      await client.gets('/a');
    }
    const { closed } = await beginToClose(t, 5_000);
    await t.clock.advance(900);
    expect(t.server.connections.size).toBe(3);
    busy.send(GET);
    expect(await busy.over).toBe('ended');
    expect(summary(busy.got())).toEqual(['200 /a', '200 /a']);
    busy.end();
    await t.clock.advance(150);
    expect(await idle.over).toBe('ended');
    expect(idle.got()).not.toContain('Connection: close');
    // A connection without a request gets its time, because nobody would send the request again.
    expect(t.server.connections.size).toBe(1);
    fresh.send(GET);
    await fresh.over;
    expect(summary(fresh.got())).toEqual(['200 /a']);
    fresh.end();
    await closed;
  });

  it('A server closes within its time although a request is still waiting', async () => {
    let gone = 0;
    await using t = await startServer({
      request: (request) => {
        request.gone = () => (gone += 1);
      },
    });
    const client = await t.open();
    client.send(GET);
    await t.received(1);
    const { closed } = await beginToClose(t, 1_500);
    await t.clock.advance(1_400);
    expect(t.server.connections.size).toBe(1);
    await t.clock.advance(200);
    await closed;
    await client.over;
    expect(gone).toBe(1);
    expect(t.clock.pending).toBe(0);
  });
});

describe('Failing listener', () => {
  it('A listener that fails later is reported to the caller, and the other listeners keep serving', async () => {
    await using t = await startServer();
    await t.server.listen({ host: '127.0.0.1', port: 0 }, async (server, at) => {
      server.listen(at);
      await once(server, 'listening');
      setTimeout(() => server.emit('error', new Error('no descriptor is left')), 1);
    });
    while (t.failures.length === 0) await setImmediate();
    expect(t.failures).toEqual([['listener', new Error('no descriptor is left')]]);
    const client = t.dial();
    client.send(GET);
    expect(summary(await client.gets('/a'))).toEqual(['200 /a']);
  });
});

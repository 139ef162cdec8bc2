import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { LIMITS, startServer, summary } from './setup.ts';

/** Sends the whole request. Resolves with the answers when the server has ended the connection. */
async function answersTo(request: string) {
  await using t = await startServer();
  const client = t.dial();
  client.send(request);
  await client.over;
  return { answers: summary(client.got()), limitsHit: t.limitsHit, requests: t.requests.length };
}

describe('Malformed request', () => {
  it.each([
    'GET /\r\n\r\n',
    'GET / HTTP/1.1\r\nA : b\r\n\r\n',
    'GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n',
    'GET / HTTP/1.1\nA: b\n\n',
    'GET / HTTP/1.1\r\nA: \0\r\n\r\n',
    'GET http://198.18.0.1/ HTTP/1.1\r\n\r\n',
    'PUT / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    'PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n',
    '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    '\0',
    '\n',
  ])('The malformed request %j is answered 400, and the connection ends', async (request) => {
    expect(await answersTo(request)).toEqual({ answers: ['400'], limitsHit: [], requests: 0 });
  });

  it('A request is refused as soon as it cannot become valid, before its end', async () => {
    expect(await answersTo('get')).toMatchObject({ answers: ['400'] });
    expect(await answersTo('GET / HTTP/1.1\r\nA: \x7f')).toMatchObject({ answers: ['400'] });
  });

  it('A malformed request ends the connection, and nothing after it is read', async () => {
    expect(await answersTo('GET /a HTTP/1.1\r\n\r\nbad\r\n\r\nGET /b HTTP/1.1\r\n\r\n')).toMatchObject({
      answers: ['200 /a', '400'],
      requests: 1,
    });
  });
});

describe('Request head', () => {
  const head = (bytes: number) => {
    const text = 'GET / HTTP/1.1\r\nX: ';
    return `${text}${'x'.repeat(bytes - text.length)}`;
  };

  it('A head can be as large as the limit', async () => {
    await using t = await startServer();
    const client = t.dial();
    client.send(`${head(LIMITS.headBytes)}\r\n\r\n`);
    expect(summary(await client.gets('\r\n\r\n'))).toEqual(['200 /']);
  });

  it('A head over the size limit is answered 431, complete or not', async () => {
    const refused = { answers: ['431'], limitsHit: ['head_bytes'], requests: 0 };
    expect(await answersTo(`${head(LIMITS.headBytes + 1)}\r\n\r\n`)).toEqual(refused);
    expect(await answersTo(head(LIMITS.headBytes + 4))).toEqual(refused);
  });

  it('A head with too many headers is answered 431', async () => {
    expect(await answersTo(`GET / HTTP/1.1\r\n${'A:\r\n'.repeat(101)}\r\n`)).toMatchObject({
      answers: ['431'],
    });
  });

  it('A head that is not complete in time is answered 408, however slowly it trickles', async () => {
    await using t = await startServer();
    const client = await t.open();
    const bytes = 'GET / HTTP/1.1\r\nX-Slow: yes, very';
    for (const byte of bytes.slice(0, 7)) {
      client.send(byte);
      await t.clock.advance(LIMITS.headMs / 8);
    }
    expect(client.got()).toBe('');
    client.send('x');
    await t.clock.advance(LIMITS.headMs / 4);
    expect(await client.over).toBe('ended');
    expect(summary(client.got())).toEqual(['408']);
    expect(t.limitsHit).toEqual(['head_time']);
  });

  it('A connection on which no head begins in time ends without an answer', async () => {
    await using t = await startServer();
    const client = await t.open();
    await t.clock.advance(LIMITS.headMs - 1);
    expect(t.server.connections.size).toBe(1);
    await t.clock.advance(251);
    expect(await client.over).toBe('ended');
    expect(client.got()).toBe('');
    expect(t.limitsHit).toEqual([]);
  });
});

describe('Request body', () => {
  it.each([
    { how: 'announced', request: 'PUT / HTTP/1.1\r\nContent-Length: 65\r\n\r\n' },
    { how: 'in one chunk', request: 'PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n41\r\n' },
    {
      how: 'in chunks',
      request: `PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n${'x'.repeat(64)}\r\n1\r\n`,
    },
  ])('A body is answered 413 as soon as it is known to be too large, $how', async ({ request }) => {
    expect(await answersTo(request)).toEqual({ answers: ['413'], limitsHit: ['body_bytes'], requests: 0 });
  });

  it('A body that is not complete in time is answered 408', async () => {
    await using t = await startServer();
    const client = t.dial();
    client.send('PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n');
    await client.gets('100 Continue');
    for (const byte of 'abcdefgh') {
      client.send(byte);
      await t.clock.advance(LIMITS.bodyMs / 10);
    }
    expect(t.limitsHit).toEqual([]);
    await t.clock.advance(LIMITS.bodyMs / 2);
    await client.over;
    expect(client.got()).toContain('HTTP/1.1 408 ');
    expect(t.limitsHit).toEqual(['body_time']);
  });
});

describe('Connection', () => {
  it('A kept connection has its full time for the next request to begin, and then the full time of a head', async () => {
    await using t = await startServer();
    const client = t.dial();
    client.send('GET /a HTTP/1.1\r\n\r\n');
    await client.gets('/a');
    await t.clock.advance(LIMITS.keepAliveMs - 500);
    client.send('GET /b ');
    await setImmediate();
    await t.clock.advance(LIMITS.headMs - 500);
    client.send('HTTP/1.1\r\n\r\n');
    await client.gets('/b');
    await t.clock.advance(LIMITS.keepAliveMs - 500);
    client.send('GET /c ');
    await t.clock.advance(LIMITS.headMs + 250);
    await client.over;
    expect(summary(client.got())).toEqual(['200 /a', '200 /b', '408']);
  });

  it('Empty lines do not keep a connection open', async () => {
    await using t = await startServer();
    const client = t.dial();
    client.send('GET /a HTTP/1.1\r\n\r\n');
    await client.gets('/a');
    for (let time = 0; time < 20; time += 1) {
      client.send('\r\n');
      await t.clock.advance(LIMITS.keepAliveMs / 16);
    }
    expect(await client.over).toBe('ended');
  });

  it('Halves of empty lines do not keep a connection open', async () => {
    await using t = await startServer();
    const client = t.dial();
    client.send('GET /a HTTP/1.1\r\n\r\n');
    await client.gets('/a');
    for (let time = 0; time < 100 && t.server.connections.size > 0; time += 1) {
      client.send(time % 2 === 0 ? '\r' : '\n');
      await t.clock.advance(LIMITS.headMs / 4);
    }
    expect(t.server.connections.size).toBe(0);
  });

  it('A kept connection ends without a further answer when its time is over', async () => {
    await using t = await startServer();
    const client = t.dial();
    client.send('GET /a HTTP/1.1\r\n\r\n');
    await client.gets('/a');
    await t.clock.advance(LIMITS.keepAliveMs + 250);
    expect(await client.over).toBe('ended');
    expect(summary(client.got())).toEqual(['200 /a']);
  });

  it('A connection ends with its first answer if the keep-alive time is 0', async () => {
    await using t = await startServer({ limits: { keepAliveMs: 0 } });
    const client = t.dial();
    client.send('GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n');
    expect(await client.over).toBe('ended');
    expect(summary(client.got())).toEqual(['200 /a']);
  });

  it('A connection is reset when its time is over, and the handler of its waiting request is notified', async () => {
    let gone = 0;
    await using t = await startServer({
      limits: { connectionMs: 3_000 },
      request: (request) => {
        request.gone = () => (gone += 1);
      },
    });
    const client = t.dial();
    client.send('GET /a HTTP/1.1\r\n\r\n');
    await t.received(1);
    await t.clock.advance(3_250);
    expect(await client.over).toBe('reset');
    expect(gone).toBe(1);
  });

  it('A connection that still sends after its last answer is read for a limited time and number of bytes', async () => {
    await using t = await startServer();
    const patient = t.dial();
    patient.send('bad\r\n\r\n');
    await patient.gets('400');
    patient.send('x'.repeat(1_000));
    await setImmediate();
    expect(t.server.connections.size).toBe(1);
    await t.clock.advance(750);
    expect(t.server.connections.size).toBe(0);
    const flood = t.dial();
    flood.send(`bad\r\n\r\n${'x'.repeat(1_048_576)}`);
    await flood.over;
    while (t.server.connections.size > 0) await setImmediate();
  });

  it('No timer is left after the last connection has ended', async () => {
    await using t = await startServer();
    const client = t.dial();
    client.send('GET /a HTTP/1.1\r\nConnection: close\r\n\r\n');
    await client.over;
    client.end();
    while (t.server.connections.size > 0) await setImmediate();
    expect(t.clock.pending).toBe(0);
  });
});

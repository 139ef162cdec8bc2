import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { eventually } from '@rolegate/testing';
import { readSendQueues } from '../../../src/http/unread/kernel-queues.ts';
import { answer, startServer } from './setup.ts';
import type { TestClient } from './setup.ts';

const UNREAD = { perConnection: 16_384, perClient: 4 * 1_048_576, total: 64 * 1_048_576 };
/**
 * More than the kernel of a client that does not read accepts (net.ipv4.tcp_rmem), and more than the server's may keep.
 */
const ANSWER_BYTES = 65_536;
const LOOK_MS = 10;

/** Each request is answered immediately. */
function startLarge(answerBytes = ANSWER_BYTES) {
  const body = 'x'.repeat(answerBytes);
  const t = startServer({
    limits: { unread: UNREAD },
    clientOf: (count) => ({ group: 'a', name: `a${count}` }),
    request: (request) => {
      void t.then(({ server }) => {
        server.respond(request, answer(body));
      });
    },
  });
  return t;
}

/** Sends requests one after another while they are answered, and never reads. */
async function ask(client: TestClient, times: number): Promise<void> {
  client.socket.pause();
  for (let count = 0; count < times && !client.socket.destroyed; count += 1) {
    client.send('GET /a HTTP/1.1\r\n\r\n');
    await setImmediate();
  }
}

/** Advances the clock while the kernel works, because its queues are read from real files. */
function looksUntil({ clock }: Awaited<ReturnType<typeof startLarge>>, check: () => boolean): Promise<void> {
  return eventually(
    async () => {
      await clock.advance(LOOK_MS);
      expect(check()).toBe(true);
    },
    { withinMs: 20_000, everyMs: LOOK_MS },
  );
}

/** Bytes in the server's kernel, and those that it has not accepted. */
async function unreadOf({ server, port }: Awaited<ReturnType<typeof startLarge>>): Promise<number> {
  let bytes = 0;
  for (const queued of (await readSendQueues('ipv4', new Set([port]))).values()) bytes += queued;
  for (const { socket } of server.connections) bytes += socket.writableLength;
  return bytes;
}

describe('Client that never reads', () => {
  it('A client that never reads gets no more answers beyond its limit, and is reset', async () => {
    await using t = await startLarge();
    const client = await t.open();
    let most = 0;
    for (let round = 0; round < 400 && t.server.connections.size > 0; round += 1) {
      await ask(client, 4);
      most = Math.max(most, await unreadOf(t));
      await t.clock.advance(10);
    }
    expect(t.server.connections.size).toBe(0);
    client.socket.resume();
    expect(await client.over).toBe('reset');
    expect(most).toBeLessThan(UNREAD.perClient + 2 * ANSWER_BYTES);
    expect(t.limitsHit).toContain('unread_bytes');
  });

  it('A client that never reads does not delay another client', async () => {
    await using t = await startLarge();
    const client = await t.open();
    await ask(client, 200);
    const other = t.dial();
    other.send('GET /b HTTP/1.1\r\n\r\n');
    const got = await other.gets('x'.repeat(ANSWER_BYTES));
    expect(got).toContain('HTTP/1.1 200 OK');
  });
});

describe('Unread limit', () => {
  it('A client at its unread limit gets its next answer once the send queues have been read', async () => {
    await using t = await startLarge();
    const client = t.openInMemory();
    await setImmediate();
    const most = UNREAD.perClient / ANSWER_BYTES;
    for (let count = 0; count < most + 5; count += 1) {
      client.send('GET /a HTTP/1.1\r\n\r\n');
      await setImmediate();
    }
    expect(t.requests).toHaveLength(most);
    expect(t.connection(0).stage).toBe('unread');
    await looksUntil(t, () => t.requests.length === most + 5);
    expect(t.limitsHit).toEqual([]);
  });

  it('A moved connection counts against the unread limit of its present client', async () => {
    await using t = await startLarge(UNREAD.perClient);
    const [sluggard, other] = [t.openInMemory(), t.openInMemory()];
    await setImmediate();
    sluggard.send('GET /a HTTP/1.1\r\n\r\n');
    await setImmediate();
    t.server.recount(t.connection(0), { group: 'a', name: 'a1' });
    other.send('GET /b HTTP/1.1\r\n\r\n');
    await setImmediate();
    expect(t.requests).toHaveLength(1);
    t.server.recount(t.connection(0), { group: 'b', name: 'b1' });
    await looksUntil(t, () => t.requests.length === 2);
  });

  it('A malformed request of a client at its unread limit is reset, not answered', async () => {
    await using t = await startLarge(UNREAD.perClient);
    const client = t.openInMemory();
    await setImmediate();
    client.send('GET /a HTTP/1.1\r\n\r\n');
    await setImmediate();
    client.send('bad\r\n\r\n');
    await client.closed;
    expect(client.wasReset()).toBe(true);
    expect(t.refusals).toEqual([]);
  });
});

describe('Client that reads', () => {
  it('A client that reads is never reset, however much it is sent', async () => {
    await using t = await startLarge();
    const client = t.dial();
    const bytes = () => client.got().length;
    for (let count = 1; count <= 100; count += 1) {
      client.send('GET /a HTTP/1.1\r\n\r\n');
      await looksUntil(t, () => bytes() >= count * ANSWER_BYTES);
    }
    expect(t.limitsHit).toEqual([]);
  });
});

describe('Unread answer', () => {
  it.each([
    { what: 'has asked for that', request: 'GET /a HTTP/1.1\r\nConnection: close\r\n\r\n', ends: false },
    { what: 'sends no more', request: 'GET /a HTTP/1.1\r\n\r\n', ends: true },
  ])(
    'An unread answer does not stay in the kernel after the end of a connection whose client $what',
    async ({ request, ends }) => {
      await using t = await startLarge(16 * 1_048_576);
      const client = await t.open();
      client.socket.pause();
      client.send(request);
      await t.received(1);
      while ((await unreadOf(t)) === 0) await setImmediate();
      if (ends) client.end();
      await t.clock.advance(20_000);
      expect(t.server.connections.size).toBe(0);
      expect(await unreadOf(t)).toBe(0);
    },
  );
});

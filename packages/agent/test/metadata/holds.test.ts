import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/pod-http/http-limits.ts';
import {
  allow,
  LIST,
  OTHER_IP,
  POD_IP,
  podOf,
  serve,
  sessionOf,
  TOKEN_HEADER,
  TTL_HEADER,
  until,
} from './served.ts';
import type { AskOptions, Served } from './served.ts';

const CREDENTIALS = `${LIST}app/reader`;

/** Sends a request and resolves when it is held. */
async function askHeld(served: Served, target = CREDENTIALS, options: AskOptions = {}) {
  const { waiting } = served.server.load();
  const answer = served.ask(target, options);
  await until(() => served.server.load().waiting > waiting);
  return { answer };
}

function learn(served: Served, ip = POD_IP, more = {}): void {
  served.callers.set(ip, { kind: 'pod', pod: podOf(more) });
  served.sessions.set('s-1', sessionOf('s-1', 'mine'));
  served.change();
}

/** Connections that arrive before the listener is closed are accepted. */
async function refused(served: Served): Promise<void> {
  for (;;) {
    const dialed = await served.dial().catch(() => undefined);
    if (dialed === undefined) return;
    dialed.socket.destroy();
  }
}

describe('Held request', () => {
  it('A held request is answered as soon as the Pod is known', async () => {
    await using served = await serve();
    const { answer } = await askHeld(served);
    learn(served);
    expect(await answer).toMatchObject({ status: 200 });
    expect(served.records).toMatchObject([{ status: 200, cache: 'hold', pod: 'web-1', first: true }]);
    expect(served.holds).toEqual(['served']);
    await until(() => served.clock.pending === 0);
  });

  it('A held request is answered as soon as the credentials arrive', async () => {
    await using served = await serve();
    served.callers.set(POD_IP, { kind: 'pod', pod: podOf() });
    const { answer } = await askHeld(served);
    learn(served);
    expect((await answer).body).toContain('mine');
    expect(served.unknownIps).toEqual([]);
  });

  it('A held request is evaluated again from the start when its hold ends, even if no change was signaled', async () => {
    await using served = await serve();
    const { answer } = await askHeld(served);
    served.callers.set(POD_IP, { kind: 'pod', pod: podOf({ metadata: { denied: true } }) });
    await served.clock.advance(850);
    expect(await answer).toMatchObject({ status: 403 });
    expect(served.holds).toEqual(['refused']);
  });

  it.each([
    { userAgent: 'aws-sdk-go-v2/1.30.0 os/linux', budgetMs: 400 },
    { userAgent: 'aws-sdk-go/1.44', budgetMs: 400 },
    { userAgent: 'APN/1.0 Terraform/1.9.0 (+https://www.terraform.io) aws-sdk-go-v2/1.30', budgetMs: 400 },
    { userAgent: 'Boto3/1.40 md/Botocore', budgetMs: 850 },
    { userAgent: '', budgetMs: 850 },
    { userAgent: 'object_store/0.14.2', budgetMs: 4_000 },
  ])('A held request of "$userAgent" is answered 503 after $budgetMs ms', async ({ userAgent, budgetMs }) => {
    await using served = await serve({ holdPatientMs: 4_000 });
    const { answer } = await askHeld(served, LIST, { headers: { 'user-agent': userAgent } });
    await served.clock.advance(budgetMs - 1);
    expect(served.records).toEqual([]);
    await served.clock.advance(1);
    expect(await answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(served.records).toMatchObject([{ reason: 'HeldTimeout', durationMs: budgetMs }]);
    expect(served.holds).toEqual(['timeout']);
  });

  it.each([
    {
      what: 'a CNI result',
      caller: { kind: 'unknown', waitsFor: 'a CNI result with this address' } as const,
    },
    {
      what: 'Namespace team-a',
      caller: {
        kind: 'pod',
        pod: podOf({ decision: { kind: 'pending', waitsFor: 'Namespace team-a' } }),
      } as const,
    },
    { what: 'credentials', caller: { kind: 'pod', pod: podOf() } as const },
  ])(
    'A request that is held in vain names $what in the log, but not to the Pod',
    async ({ what, caller }) => {
      await using served = await serve();
      served.callers.set(POD_IP, caller);
      const { answer } = await askHeld(served);
      await served.clock.advance(850);
      expect((await answer).body).not.toContain(what);
      expect(served.lines.at(-1)).toMatchObject({ level: 'warn', message: 'request refused' });
      expect(served.lines.at(-1)?.fields['waitedFor']).toContain(what);
    },
  );

  it('A held request makes the agent ask once who owns the address', async () => {
    await using served = await serve();
    const { answer } = await askHeld(served);
    for (let times = 0; times < 3; times += 1) {
      served.change();
      await served.clock.advance(10);
    }
    expect(served.unknownIps).toEqual([POD_IP]);
    learn(served);
    await answer;
  });

  it('A held request is refused if its token turns out to be that of another Pod', async () => {
    await using served = await serve();
    const { body: token } = await served.ask('/latest/api/token', {
      method: 'PUT',
      headers: { [TTL_HEADER]: '60' },
    });
    const foreign = served.tokens.mint({ ip: POD_IP, uid: 'uid-before', ttlSeconds: 60 });
    const own = await askHeld(served, CREDENTIALS, { headers: { [TOKEN_HEADER]: token } });
    const former = await askHeld(served, CREDENTIALS, { headers: { [TOKEN_HEADER]: foreign } });
    learn(served);
    expect((await own.answer).status).toBe(200);
    expect((await former.answer).status).toBe(401);
  });

  it('A held request releases its place when the client disconnects', async () => {
    await using served = await serve({ limits: { ...defaultLimits, waitingPerPod: 1 } });
    const leaving = new AbortController();
    const { answer } = await askHeld(served, CREDENTIALS, { signal: leaving.signal });
    expect((await served.ask(CREDENTIALS)).status).toBe(503);
    leaving.abort();
    await expect(answer).rejects.toThrow();
    await until(() => served.holds.length > 0);
    expect(served.holds).toEqual(['gone']);
    const next = await askHeld(served);
    learn(served);
    expect((await next.answer).status).toBe(200);
  });

  it('A held request delays no other Pod', async () => {
    await using served = await serve();
    const { answer } = await askHeld(served, CREDENTIALS, { ip: OTHER_IP });
    learn(served);
    expect((await served.ask(CREDENTIALS)).status).toBe(200);
    await served.clock.advance(850);
    expect((await answer).status).toBe(503);
  });

  it('A held request is answered before the server closes, and no new connection is accepted', async () => {
    await using served = await serve();
    const { answer } = await askHeld(served);
    const closed = served.server.close();
    await refused(served);
    learn(served);
    expect(await answer).toMatchObject({ status: 200, headers: { connection: 'close' } });
    await closed;
  });

  it('A held request of a patient client is still answered while the server closes', async () => {
    await using served = await serve({ holdPatientMs: 4_000 });
    const { answer } = await askHeld(served, CREDENTIALS, {
      headers: { 'user-agent': 'object_store/0.14.2' },
    });
    const closed = served.server.close();
    await refused(served);
    await served.clock.advance(3_900);
    learn(served);
    expect(await answer).toMatchObject({ status: 200 });
    await closed;
  });

  it('A new request on a connection that was accepted before is answered while the server closes', async () => {
    await using served = await serve();
    learn(served);
    const fresh = await served.dial();
    const silent = await served.dial();
    await served.ask(LIST);
    const closed = served.server.close();
    fresh.socket.write(`GET ${CREDENTIALS} HTTP/1.1\r\n\r\n`);
    await until(() => fresh.socket.readableEnded);
    expect(fresh.received()).toContain('mine');
    expect(silent.socket.readableEnded).toBe(false);
    await served.clock.advance(2_000);
    await closed;
  });

  it('A held request is answered 503 and an error is logged if evaluating it fails', async () => {
    await using served = await serve();
    const { answer } = await askHeld(served);
    served.callers.get = () => {
      throw new Error('a fault of ours');
    };
    served.change();
    expect((await answer).status).toBe(503);
    expect(served.lines[0]).toMatchObject({ level: 'error', message: 'request failed' });
  });
});

describe('Reused address', () => {
  const successor = () => podOf({ uid: 'uid-2', name: 'web-2', decision: { ...allow, sessionId: 's-2' } });

  it('The connections of an address, and no others, are closed when another Pod owns it', async () => {
    await using served = await serve();
    learn(served);
    const mine = await served.dial();
    learn(served, OTHER_IP, { uid: 'uid-9' });
    const others = await served.dial(OTHER_IP);
    await served.ask(LIST);
    served.callers.set(POD_IP, { kind: 'pod', pod: successor() });
    served.handOver(POD_IP);
    await until(() => mine.socket.closed || mine.socket.readableEnded);
    expect(others.socket.readableEnded).toBe(false);
    others.socket.destroy();
  });

  it('The connections of an address are closed when it no longer has an owner', async () => {
    await using served = await serve();
    learn(served);
    const { socket } = await served.dial();
    await served.ask(LIST);
    served.callers.delete(POD_IP);
    served.handOver(POD_IP);
    await until(() => socket.closed || socket.readableEnded);
  });

  it('A connection made before the owner of its address was known stays open when the owner becomes known', async () => {
    await using served = await serve();
    const { socket, received } = await served.dial();
    await served.ask('/latest/api/token', { method: 'PUT' });
    learn(served);
    served.handOver(POD_IP);
    socket.write(`GET ${CREDENTIALS} HTTP/1.1\r\nConnection: close\r\n\r\n`);
    await until(() => socket.readableEnded);
    expect(received()).toContain('mine');
  });

  it('No request on a connection of the former Pod is answered, even before the change is signaled', async () => {
    await using served = await serve();
    learn(served);
    const { socket, received } = await served.dial();
    await served.ask(LIST);
    served.callers.set(POD_IP, { kind: 'pod', pod: successor() });
    served.sessions.set('s-2', sessionOf('s-2', 'theirs'));
    socket.write(`GET ${CREDENTIALS} HTTP/1.1\r\n\r\n`);
    await until(() => socket.closed || socket.readableEnded);
    expect(received()).toBe('');
  });

  it('A held request of the former Pod never gets the credentials of the next one', async () => {
    await using served = await serve();
    served.callers.set(POD_IP, { kind: 'pod', pod: podOf() });
    const { answer } = await askHeld(served);
    served.callers.set(POD_IP, { kind: 'pod', pod: successor() });
    served.sessions.set('s-2', sessionOf('s-2', 'theirs'));
    served.change();
    await expect(answer).rejects.toThrow();
    expect(served.holds).toEqual(['gone']);
  });

  it('The token of the former Pod is refused', async () => {
    await using served = await serve();
    learn(served);
    const { body: token } = await served.ask('/latest/api/token', {
      method: 'PUT',
      headers: { [TTL_HEADER]: '60' },
    });
    served.callers.set(POD_IP, { kind: 'pod', pod: successor() });
    expect((await served.ask(LIST, { headers: { [TOKEN_HEADER]: token } })).status).toBe(401);
  });
});

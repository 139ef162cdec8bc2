import { describe, expect, it } from 'vitest';
import { UNUSED_AFTER_MS } from '../../src/credentials/lifetimes.ts';
import { sessionId } from '../../src/session/session.ts';
import { HOUR_MS, MINUTE_MS, awsError, createSessionsFixture, idOf, sessionOf } from './fixture.ts';

const ID = idOf('cart');
const SESSION = sessionOf('cart');
const TURN = 0;

/** One session, claimed by node-1, issued. */
async function setup(options: Parameters<typeof createSessionsFixture>[0] = {}) {
  const fixture = createSessionsFixture(options);
  fixture.sts.answer = fixture.give;
  fixture.sessions.claim(SESSION, 'node-1');
  await fixture.clock.advance(TURN);
  return fixture;
}

/** No claims yet; calls to STS wait for an answer. */
function setupEmpty(options: Parameters<typeof createSessionsFixture>[0] = {}) {
  return createSessionsFixture(options);
}

describe('Session claims', () => {
  it('A claim issues credentials immediately and announces them', async () => {
    const { sessions, calls, changes, clock } = await setup();
    expect(calls.map(({ session }) => session)).toEqual([SESSION]);
    expect(changes).toEqual([ID]);
    expect(sessions.get(ID)).toEqual({
      credentials: {
        accessKeyId: 'ASIA1',
        secretAccessKey: 'very-secret',
        sessionToken: 'very-token',
        expiresAtMs: clock.now() + HOUR_MS,
        lifetimeMs: HOUR_MS,
        accountId: '123456789012',
        fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      },
    });
  });

  it('A thousand claims of one session make one STS call', async () => {
    const { sessions, calls, clock } = setupEmpty();
    for (let n = 0; n < 1000; n++) sessions.claim(SESSION, `node-${String(n)}`);
    await clock.advance(1000);
    expect(calls).toHaveLength(1);
    calls[0]?.give();
    await clock.advance(TURN);
    for (let n = 0; n < 1000; n++) sessions.claim(SESSION, `node-${String(n)}`);
    expect(calls).toHaveLength(1);
    expect(sessions.get(ID)?.credentials).toBeDefined();
  });

  it('A session is issued with one call even if the node that claimed it first releases it', async () => {
    const { sessions, calls, clock } = setupEmpty();
    sessions.claim(SESSION, 'first');
    sessions.claim(SESSION, 'second');
    sessions.release(ID, 'first');
    calls[0]?.give();
    await clock.advance(TURN);
    expect(sessions.get(ID)?.credentials?.accessKeyId).toBe('ASIA1');
    expect(calls).toHaveLength(1);
  });

  it('A session released and claimed again uses the credentials of the call in progress', async () => {
    const { sessions, calls, clock } = setupEmpty();
    sessions.claim(SESSION, 'first');
    sessions.release(ID, 'first');
    expect(sessions.get(ID)).toBeUndefined();
    sessions.claim(SESSION, 'second');
    calls[0]?.give();
    await clock.advance(TURN);
    expect(sessions.get(ID)?.credentials).toBeDefined();
    expect(calls).toHaveLength(1);
  });

  it('Sessions that differ in any field are issued separately', async () => {
    const { sessions, calls, clock } = setupEmpty();
    const others = [
      {},
      { externalId: 'x' },
      { sourceIdentity: 'y' },
      { tags: [['a', 'b']] as const },
      { durationSeconds: 3000 },
    ];
    for (const other of others) sessions.claim(sessionOf('cart', other), 'node-1');
    for (const call of calls) call.give();
    await clock.advance(TURN);
    expect(calls.map(({ session }) => session)).toEqual(others.map((other) => sessionOf('cart', other)));
  });
});

describe('Credentials cached by agents', () => {
  const held = (remainingMs: number, lifetimeMs = HOUR_MS) => ({ fingerprint: 'f', remainingMs, lifetimeMs });

  it('A claim with cached credentials issues nothing until 40 to 48 % of their lifetime have passed', async () => {
    const { sessions, calls, sts, give, clock } = setupEmpty();
    sts.answer = give;
    sessions.claim(SESSION, 'node-1', held(50 * MINUTE_MS));
    await clock.advance(0.4 * HOUR_MS - 10 * MINUTE_MS - 1);
    expect(calls).toHaveLength(0);
    expect(sessions.counts()['at-agents']).toBe(1);
    await clock.advance(0.08 * HOUR_MS + 2);
    expect(calls).toHaveLength(1);
  });

  it('A session is issued at once for a node without credentials, though other nodes have them cached', async () => {
    const { sessions, calls, clock } = setupEmpty();
    sessions.claim(SESSION, 'node-1', held(55 * MINUTE_MS));
    sessions.claim(SESSION, 'node-2', held(58 * MINUTE_MS));
    await clock.advance(MINUTE_MS);
    expect(calls).toHaveLength(0);
    sessions.claim(SESSION, 'node-3');
    expect(calls).toHaveLength(1);
  });

  it('A session is renewed when the oldest credentials that a node has cached are due', async () => {
    const { sessions, calls, clock } = setupEmpty();
    sessions.claim(SESSION, 'young', held(60 * MINUTE_MS));
    sessions.claim(SESSION, 'old', held(40 * MINUTE_MS));
    await clock.advance(9 * MINUTE_MS);
    expect(calls).toHaveLength(1);
  });

  it.each([
    { why: 'ended', remainingMs: 0 },
    { why: 'ended long ago', remainingMs: -HOUR_MS },
    { why: 'no number', remainingMs: Number.NaN },
    { why: 'without a life', remainingMs: HOUR_MS, lifetimeMs: 0 },
    { why: 'past the renewal point', remainingMs: 20 * MINUTE_MS },
  ])('A session is issued at once if what the agent has cached is $why', ({ remainingMs, lifetimeMs }) => {
    const { sessions, calls } = setupEmpty();
    sessions.claim(SESSION, 'node-1', held(remainingMs, lifetimeMs));
    expect(calls).toHaveLength(1);
  });

  it('A lifetime reported by an agent never counts for more than the requested duration', async () => {
    const { sessions, calls, clock } = setupEmpty();
    sessions.claim(SESSION, 'liar', held(1e15, 1e15));
    await clock.advance(0.48 * HOUR_MS);
    expect(calls).toHaveLength(1);
  });

  it('A session is issued at once if an agent has lost its cached credentials', async () => {
    const { sessions, calls, clock } = setupEmpty();
    sessions.claim(SESSION, 'node-1', held(HOUR_MS));
    await clock.advance(MINUTE_MS);
    sessions.claim(SESSION, 'node-1');
    expect(calls).toHaveLength(1);
  });
});

describe('Session renewal', () => {
  it('Renewals are spread over 40 to 48 % of the lifetime of the credentials', async () => {
    const { sessions, calls, sts, give, clock } = setupEmpty();
    sts.answer = give;
    for (let n = 0; n < 200; n++) sessions.claim(sessionOf(`role-${String(n)}`), 'node-1');
    await clock.advance(0.4 * HOUR_MS - 1);
    expect(calls).toHaveLength(200);
    await clock.advance(0.04 * HOUR_MS);
    expect(calls.length).toBeGreaterThan(280);
    expect(calls.length).toBeLessThan(320);
    await clock.advance(0.04 * HOUR_MS + 1);
    expect(calls).toHaveLength(400);
  });

  it.each([{ durationSeconds: 3600 }, { durationSeconds: 3000 }])(
    'Sessions of $durationSeconds s have at least 25 minutes left at every moment of a day',
    async ({ durationSeconds }) => {
      const { sessions, calls, sts, give, clock } = setupEmpty();
      sts.answer = give;
      const all = Array.from({ length: 20 }, (_, n) => sessionOf(`role-${String(n)}`, { durationSeconds }));
      for (const session of all) sessions.claim(session, 'node-1');
      let leastMs = Infinity;
      for (let minute = 0; minute < 24 * 60; minute++) {
        await clock.advance(MINUTE_MS);
        for (const session of all) sessions.used(sessionId(session));
        leastMs = Math.min(leastMs, (sessions.minRemainingSeconds() ?? 0) * 1000);
      }
      expect(leastMs).toBeGreaterThanOrEqual(25 * MINUTE_MS);
      // And not more often than every 40 % of a lifetime.
      expect(calls.length).toBeLessThanOrEqual((20 * 24 * 3600) / (0.4 * durationSeconds) + 20);
    },
  );

  it('A renewal announces the new credentials under another fingerprint', async () => {
    const { sessions, changes, clock } = await setup();
    const before = sessions.get(ID)?.credentials?.fingerprint;
    await clock.advance(0.48 * HOUR_MS);
    expect(changes).toEqual([ID, ID]);
    expect(sessions.get(ID)?.credentials?.fingerprint).not.toBe(before);
  });

  it('The old credentials are kept until they expire if their renewal fails', async () => {
    const { sessions, sts, clock } = await setup();
    sts.answer = () => {
      throw awsError('ServiceUnavailable');
    };
    await clock.advance(0.48 * HOUR_MS);
    expect(sessions.get(ID)).toMatchObject({
      credentials: { accessKeyId: 'ASIA1' },
      failure: { reason: 'StsUnavailable' },
    });
    await clock.advance(0.52 * HOUR_MS - 1);
    expect(sessions.get(ID)?.credentials?.accessKeyId).toBe('ASIA1');
    await clock.advance(1);
    expect(sessions.get(ID)).toEqual({ failure: expect.anything() });
  });

  it('Renewal follows the monotonic clock when the wall clock jumps', async () => {
    const { sessions, calls, clock } = await setup();
    clock.jumpWall(-2 * HOUR_MS);
    expect(sessions.get(ID)?.credentials?.expiresAtMs).toBe(clock.now() + HOUR_MS);
    clock.jumpWall(4 * HOUR_MS);
    expect(sessions.get(ID)?.credentials?.expiresAtMs).toBe(clock.now() + HOUR_MS);
    await clock.advance(0.48 * HOUR_MS);
    expect(calls).toHaveLength(2);
  });
});

describe('Unused sessions', () => {
  it('A session that no Pod uses is not renewed after three hours, and expires', async () => {
    const { sessions, calls, clock } = await setup();
    await clock.advance(UNUSED_AFTER_MS);
    const renewed = calls.length;
    await clock.advance(24 * HOUR_MS);
    expect(calls).toHaveLength(renewed);
    expect(sessions.get(ID)).toEqual({});
    expect(sessions.counts()).toMatchObject({ unused: 1, valid: 0 });
  });

  it('A session becomes unused three hours after the last request on any node, whichever replica received the report', async () => {
    const { sessions, calls, clock } = setupEmpty();
    const held = (unusedMs: number) => ({ fingerprint: '', remainingMs: 0, lifetimeMs: 0, unusedMs });
    sessions.claim(SESSION, 'node-1', held(UNUSED_AFTER_MS));
    await clock.advance(MINUTE_MS);
    expect([calls.length, sessions.counts().unused]).toEqual([0, 1]);
    sessions.claim(SESSION, 'node-2', held(UNUSED_AFTER_MS - MINUTE_MS));
    expect([calls.length, sessions.counts().unused]).toEqual([1, 0]);
    await clock.advance(MINUTE_MS);
    expect(sessions.counts().unused).toBe(1);
    // The agent of a known node has reconnected from another replica.
    sessions.claim(SESSION, 'node-1', held(2 * HOUR_MS));
    sessions.claim(SESSION, 'node-1', held(3 * HOUR_MS));
    await clock.advance(HOUR_MS - 1);
    expect(sessions.counts().unused).toBe(0);
    await clock.advance(1);
    expect(sessions.counts().unused).toBe(1);
  });

  it('A session counts as just used if an older agent does not report when it was last used', async () => {
    const { sessions, calls, clock } = setupEmpty();
    sessions.claim(SESSION, 'node-1', { fingerprint: '', remainingMs: 0, lifetimeMs: 0 });
    await clock.advance(UNUSED_AFTER_MS - 1);
    expect([calls.length, sessions.counts().unused]).toEqual([1, 0]);
  });

  it('An unused session is issued at once when a Pod uses it again', async () => {
    const { sessions, calls, clock } = await setup();
    await clock.advance(24 * HOUR_MS);
    const before = calls.length;
    sessions.used(ID);
    await clock.advance(TURN);
    expect(calls).toHaveLength(before + 1);
    expect(sessions.get(ID)?.credentials).toBeDefined();
  });

  it('An unused session is issued again if another node claims it, but not if the same node repeats its claim', async () => {
    const { sessions, calls, clock } = await setup();
    for (let n = 0; n < 10; n++) {
      await clock.advance(HOUR_MS);
      sessions.claim(SESSION, 'node-1');
    }
    const before = calls.length;
    await clock.advance(HOUR_MS);
    expect(calls).toHaveLength(before);
    sessions.claim(SESSION, 'node-2');
    await clock.advance(TURN);
    expect(calls).toHaveLength(before + 1);
  });

  it('A session is renewed for as long as Pods use it', async () => {
    const { sessions, clock } = await setup();
    for (let n = 0; n < 24; n++) {
      await clock.advance(HOUR_MS);
      sessions.used(ID);
      expect(sessions.get(ID)?.credentials).toBeDefined();
    }
  });
});

describe('Session release', () => {
  it('The release by the last node drops the credentials and stops their renewal', async () => {
    const { sessions, calls, clock } = await setup();
    sessions.claim(SESSION, 'node-2');
    sessions.release(ID, 'node-1');
    expect(sessions.get(ID)?.credentials).toBeDefined();
    sessions.release(ID, 'node-2');
    expect(sessions.get(ID)).toBeUndefined();
    expect(clock.pending).toBe(0);
    await clock.advance(HOUR_MS);
    expect(calls).toHaveLength(1);
  });

  it('The release of a session cancels its waiting STS call', async () => {
    const { sessions, calls, budget, clock } = setupEmpty({ budget: { burst: 1, ratePerSecond: 1 } });
    sessions.claim(sessionOf('a'), 'node-1');
    sessions.claim(sessionOf('b'), 'node-1');
    expect(budget.waiting).toBe(1);
    sessions.release(idOf('b'), 'node-1');
    expect(budget.waiting).toBe(0);
    await clock.advance(5000);
    expect(calls).toHaveLength(1);
  });

  it('The release or use of a session that was never claimed changes nothing', async () => {
    const { sessions } = await setup();
    sessions.release('unknown', 'node-1');
    sessions.release(ID, 'node-9');
    sessions.used('unknown');
    expect(sessions.get(ID)?.credentials).toBeDefined();
  });
});

describe('Stop of all sessions', () => {
  it('A stop leaves no timer behind, and credentials that arrive later are dropped', async () => {
    const { sessions, calls, changes, clock } = setupEmpty();
    sessions.claim(SESSION, 'node-1');
    sessions.stop();
    calls[0]?.give();
    await clock.advance(HOUR_MS);
    expect(clock.pending).toBe(0);
    expect(changes).toEqual([]);
    expect(sessions.get(ID)).toBeUndefined();
  });
});

describe('Session log', () => {
  it('Each issued session is audited with the whole access key ID, and no log line contains a secret', async () => {
    const { sessions, lines, sts, give, clock } = await setup();
    sts.answer = () => {
      throw awsError(
        'SignatureDoesNotMatch',
        'no match.\n\nThe Canonical String: x-amz-security-token:very-token',
      );
    };
    await clock.advance(0.5 * HOUR_MS);
    sts.answer = give;
    await clock.advance(MINUTE_MS);
    expect(sessions.condition()).toBeUndefined();
    expect(lines.find(({ fields }) => fields['audit'] === true)).toEqual({
      level: 'info',
      message: 'session issued',
      fields: {
        audit: true,
        role: SESSION.roleArn,
        sessionName: SESSION.sessionName,
        accessKeyId: 'ASIA1',
        expiration: '2026-11-23T08:00:00.000Z',
        nodes: ['node-1'],
        nodeCount: 1,
      },
    });
    expect(JSON.stringify(lines)).not.toMatch(/very-secret|very-token/);
  });

  it('Credentials issued after the last release are still logged, but not announced', async () => {
    const { sessions, calls, lines, changes, clock } = setupEmpty();
    sessions.claim(SESSION, 'node-1');
    sessions.release(ID, 'node-1');
    calls[0]?.give();
    await clock.advance(TURN);
    expect(lines.map(({ message }) => message)).toEqual(['session issued']);
    expect(changes).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('A listener that throws affects neither the session nor other listeners, and is logged', async () => {
    const { sessions, changes, lines, sts, give, clock } = setupEmpty();
    sts.answer = give;
    const heard: string[] = [];
    sessions.onChange(() => {
      throw new Error('of the listener');
    });
    const stopListening = sessions.onChange((id) => heard.push(id));
    sessions.claim(SESSION, 'node-1');
    await clock.advance(TURN);
    expect(heard).toEqual([ID]);
    expect(sessions.get(ID)).toEqual({ credentials: expect.anything() });
    expect(lines.some(({ level }) => level === 'error')).toBe(true);
    stopListening();
    await clock.advance(0.5 * HOUR_MS);
    expect(changes).toHaveLength(2);
    expect(heard).toHaveLength(1);
  });
});

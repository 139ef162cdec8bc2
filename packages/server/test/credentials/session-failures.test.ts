import { describe, expect, it } from 'vitest';
import { LONGEST_PAUSE_MS } from '../../src/credentials/retries.ts';
import { sessionId } from '../../src/session/session.ts';
import { HOUR_MS, MINUTE_MS, awsError, createSessionsFixture, idOf, sessionOf } from './fixture.ts';

const ID = idOf('cart');
const SESSION = sessionOf('cart');
const CHAINING =
  'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining';

/** STS answers each call with the named error until `mend`. */
function setup(name: string, options: Parameters<typeof createSessionsFixture>[0] = {}) {
  const fixture = createSessionsFixture(options);
  const mend = () => {
    fixture.sts.answer = fixture.give;
  };
  let request = 0;
  fixture.sts.answer = () => {
    throw awsError(name, 'no', `r-${String((request += 1))}`);
  };
  return { ...fixture, mend };
}

describe('Session failures', () => {
  it('A session announces its failure once and keeps it until STS issues credentials', async () => {
    const { sessions, changes, outcomes, mend, clock } = setup('AccessDenied');
    sessions.claim(SESSION, 'node-1');
    await clock.advance(HOUR_MS);
    expect(sessions.get(ID)).toMatchObject({
      failure: {
        reason: 'StsAccessDenied',
        message: expect.stringMatching(/^AccessDenied: no \(request r-\d+\)$/),
      },
    });
    expect(changes).toEqual([ID]);
    expect(sessions.counts().failing).toBe(1);
    mend();
    await clock.advance(5 * MINUTE_MS);
    expect(sessions.get(ID)).toEqual({ credentials: expect.anything() });
    expect(changes).toEqual([ID, ID]);
    expect([outcomes[0], outcomes.at(-1)]).toEqual(['StsAccessDenied', 'ok']);
  });

  it.each([
    { name: 'Throttling', reason: 'StsThrottled', firstMs: [0, 250], lastMs: [0, 30_000] },
    { name: 'InternalFailure', reason: 'StsUnavailable', firstMs: [0, 250], lastMs: [0, 30_000] },
    { name: 'AccessDenied', reason: 'StsAccessDenied', firstMs: [5_000, 10_000], lastMs: [150_000, 300_000] },
    {
      name: 'ValidationError',
      reason: 'StsInvalidRequest',
      firstMs: [5_000, 10_000],
      lastMs: [150_000, 300_000],
    },
    { name: 'ExpiredToken', reason: 'ServerCredentials', firstMs: [500, 1_000], lastMs: [15_000, 30_000] },
    {
      name: 'RegionDisabledException',
      reason: 'StsRegionDisabled',
      firstMs: [500, 1_000],
      lastMs: [15_000, 30_000],
    },
  ])(
    'A session that fails with $reason is retried after $firstMs ms at first and $lastMs ms at last',
    async ({ name, reason, firstMs, lastMs }) => {
      const { sessions, calls, clock } = setup(name);
      sessions.claim(SESSION, 'node-1');
      await clock.advance(2 * HOUR_MS);
      expect(sessions.get(ID)?.failure?.reason).toBe(reason);
      const pauses = calls.slice(1).map(({ atMs }, n) => atMs - (calls[n]?.atMs ?? 0));
      const [low = 0, high = 0] = firstMs;
      expect(pauses[0]).toBeGreaterThanOrEqual(low);
      expect(pauses[0]).toBeLessThanOrEqual(high);
      const last = pauses.slice(12);
      expect(Math.min(...last)).toBeGreaterThanOrEqual(lastMs[0] ?? 0);
      expect(Math.max(...last)).toBeLessThanOrEqual(lastMs[1] ?? 0);
      expect(Math.max(...last)).toBeGreaterThan(0.8 * (lastMs[1] ?? 0));
    },
  );

  it('The retries of many throttled sessions are spread over the whole pause', async () => {
    const { sessions, calls, clock } = setup('Throttling');
    for (let n = 0; n < 400; n++) sessions.claim(sessionOf(`role-${String(n)}`), 'node-1');
    await clock.advance(125);
    expect(calls.length).toBeGreaterThan(400 + 100);
  });

  it('A failed session is not retried early because another node claims it or a Pod uses it', async () => {
    const { sessions, calls, clock } = setup('AccessDenied');
    sessions.claim(SESSION, 'node-1');
    await clock.advance(0);
    sessions.claim(SESSION, 'node-2');
    sessions.used(ID);
    await clock.advance(4_999);
    expect(calls).toHaveLength(1);
  });

  it('A failure and its retry time are remembered if the session is released and claimed again', async () => {
    const { sessions, calls, clock } = setup('AccessDenied');
    sessions.claim(SESSION, 'node-1');
    await clock.advance(0);
    sessions.release(ID, 'node-1');
    expect(sessions.get(ID)).toBeUndefined();
    await clock.advance(4_000);
    sessions.claim(SESSION, 'node-1');
    expect(sessions.get(ID)?.failure?.reason).toBe('StsAccessDenied');
    await clock.advance(900);
    expect(calls).toHaveLength(1);
    await clock.advance(6_000);
    expect(calls).toHaveLength(2);
  });

  it('A failure is forgotten after its pause if no node claims the session any more', async () => {
    const { sessions, calls, clock } = setup('AccessDenied');
    sessions.claim(SESSION, 'node-1');
    await clock.advance(0);
    sessions.release(ID, 'node-1');
    await clock.advance(10_000);
    expect(calls).toHaveLength(1);
    sessions.claim(SESSION, 'node-1');
    expect(calls).toHaveLength(2);
    await clock.advance(0);
    sessions.release(ID, 'node-1');
    await clock.advance(2 * LONGEST_PAUSE_MS);
    expect(clock.pending).toBe(0);
  });

  it('The failures of refused roles delay no other role', async () => {
    const { sessions, sts, give, clock } = setup('AccessDenied', {
      budget: { ratePerSecond: 10, burst: 10 },
    });
    sts.answer = (session) => {
      if (session.roleArn.includes('bad')) throw awsError('AccessDenied');
      return give(session);
    };
    for (let n = 0; n < 500; n++) sessions.claim(sessionOf(`bad-${String(n)}`), 'node-1', undefined, 'shop');
    // By now the retries of those that were refused would take the whole budget.
    await clock.advance(2 * MINUTE_MS);
    sessions.claim(SESSION, 'node-1', undefined, 'shop');
    await clock.advance(200);
    expect(sessions.get(ID)?.credentials).toBeDefined();
  });

  it('Credentials that have already expired when STS returns them count as StsUnavailable', async () => {
    const { sessions, sts, give, clock } = setup('');
    sts.answer = (session) => ({ ...give(session), lifetimeMs: 0 });
    sessions.claim(SESSION, 'node-1');
    await clock.advance(0);
    expect(sessions.get(ID)).toMatchObject({ failure: { reason: 'StsUnavailable' } });
    expect(sessions.get(ID)?.credentials).toBeUndefined();
  });
});

describe('Server credentials', () => {
  it('Rejected server credentials are one condition and one log line, however many sessions they block', async () => {
    const { sessions, lines, mend, clock } = setup('ExpiredToken');
    for (let n = 0; n < 50; n++) sessions.claim(sessionOf(`role-${String(n)}`), 'node-1');
    await clock.advance(MINUTE_MS);
    expect(sessions.condition()?.reason).toBe('ServerCredentials');
    mend();
    await clock.advance(MINUTE_MS);
    expect(sessions.condition()).toBeUndefined();
    expect(sessions.counts().valid).toBe(50);
    const said = lines.filter(({ level, fields }) => level !== 'debug' && fields['audit'] !== true);
    expect(said.map(({ level, message }) => ({ level, message }))).toEqual([
      { level: 'error', message: "STS rejects the server's credentials" },
      { level: 'info', message: "server's credentials recovered" },
    ]);
  });

  it('A role that STS refuses is logged as a failed session, not as a problem of the server', async () => {
    const { sessions, lines, clock } = setup('AccessDenied');
    sessions.claim(SESSION, 'node-1');
    await clock.advance(HOUR_MS);
    expect(sessions.condition()).toBeUndefined();
    expect(lines.filter(({ level }) => level === 'warn')).toEqual([
      {
        level: 'warn',
        message: 'cannot issue session',
        fields: expect.objectContaining({ reason: 'StsAccessDenied', role: SESSION.roleArn }),
      },
    ]);
  });
});

describe('Failure log', () => {
  const crowd = (namespace: string, count: number) =>
    Array.from({ length: count }, (_, n) => ({ namespace, session: sessionOf(`${namespace}-${n}`) }));

  async function fail(name: string, all: ReturnType<typeof crowd>) {
    const { sessions, lines, clock } = setup(name);
    for (const { namespace, session } of all) sessions.claim(session, 'node-1', undefined, namespace);
    await clock.advance(2 * MINUTE_MS);
    return {
      warned: lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields['namespace']),
      ends: lines.filter(({ level }) => level === 'info'),
    };
  }

  it('A storm of refusals in one Namespace logs a few lines and a count, and hides no other Namespace', async () => {
    const all = crowd('storm', 1_000).concat(crowd('shop', 1));
    const { warned, ends } = await fail('AccessDenied', all);
    expect(warned.filter((namespace) => namespace === 'storm')).toHaveLength(5);
    expect(warned.filter((namespace) => namespace === 'shop')).toHaveLength(1);
    expect(ends[0]).toEqual({
      level: 'info',
      message: 'session failure lines suppressed',
      fields: { namespace: 'storm', reason: 'StsAccessDenied', leftOut: 995 },
    });
  });

  it('An STS outage is logged once for each of fifty Namespaces, with the number of sessions left out', async () => {
    const all = Array.from({ length: 60 }, (_, n) => crowd(`ns-${n}`, 10)).flat();
    const { warned, ends } = await fail('InternalFailure', all);
    expect(new Set(warned.slice(0, 50)).size).toBe(50);
    // The others have one more line together.
    expect(warned).toHaveLength(51);
    const leftOut = ends.map(({ fields }) => Number(fields['leftOut']));
    expect(leftOut.reduce((sum, count) => sum + count)).toBe(600 - 51);
    expect(ends.at(-1)?.fields).toEqual({ reason: 'StsUnavailable', leftOut: 99 });
  });
});

describe('Durations that are too long', () => {
  const long = sessionOf('cart', { durationSeconds: 7200 });

  function chained(options = {}) {
    const fixture = createSessionsFixture(options);
    fixture.sts.answer = (session) => {
      if (session.durationSeconds > 3600) throw awsError('ValidationError', CHAINING);
      return fixture.give(session);
    };
    return fixture;
  }

  it('A duration that STS finds too long is asked for again at once as an hour, which is remembered for the role', async () => {
    const { sessions, calls, changes, clock } = chained();
    sessions.claim(long, 'node-1');
    await clock.advance(0);
    expect(calls.map(({ session }) => session)).toEqual([long, { ...long, durationSeconds: 3600 }]);
    expect(changes).toHaveLength(1);
    sessions.claim({ ...long, sessionName: 'other' }, 'node-1');
    await clock.advance(0);
    expect(calls.slice(2).map(({ session }) => session.durationSeconds)).toEqual([3600]);
    await clock.advance(0.48 * HOUR_MS);
    expect(calls.map(({ session }) => session.durationSeconds)).toEqual([7200, 3600, 3600, 3600, 3600]);
  });

  it('A shortened duration is learned for each role separately', async () => {
    const { sessions, calls, clock } = chained();
    sessions.claim(long, 'node-1');
    sessions.claim(sessionOf('other', { durationSeconds: 7200 }), 'node-1');
    await clock.advance(0);
    expect(calls.filter(({ session }) => session.durationSeconds === 7200)).toHaveLength(2);
  });

  it('A shortened duration also bounds how long credentials that agents have cached count', async () => {
    const { sessions, sts, clock } = chained();
    const answer = sts.answer;
    const four = sessionOf('cart', { durationSeconds: 4 * 3600 });
    sessions.claim(four, 'node-1', { fingerprint: 'f', remainingMs: 4 * HOUR_MS, lifetimeMs: 4 * HOUR_MS });
    sessions.claim(four, 'node-2');
    await clock.advance(0);
    sessions.release(sessionId(four), 'node-2');
    sts.answer = () => {
      throw awsError('ServiceUnavailable');
    };
    await clock.advance(HOUR_MS + MINUTE_MS);
    sts.answer = answer;
    await clock.advance(MINUTE_MS);
    expect(sessions.counts().valid).toBe(1);
  });

  it('A session fails if STS finds an hour too long as well', async () => {
    const { sessions, calls, sts, clock } = chained();
    sts.answer = () => {
      throw awsError('ValidationError', 'The requested DurationSeconds exceeds the MaxSessionDuration');
    };
    sessions.claim(long, 'node-1');
    await clock.advance(0);
    expect(calls).toHaveLength(2);
    expect(sessions.counts().failing).toBe(1);
  });
});

import { describe, expect, it } from '@jest/globals';
import { HOUR_MS, MINUTE_MS, awsError, createSessionsFixture, idOf, sessionOf } from './fixture.ts';

/** A budget that is used up for the next hour but for what `refill` gives: calls stand in line. */
function setup() {
  const fixture = createSessionsFixture({ budget: { maxInFlight: 1 } });
  fixture.sessions.claim(sessionOf('busy'), 'node-0');
  const order = () => fixture.calls.slice(1).map(({ session }) => session.sessionName.slice('shop.'.length));
  /** Answers what is on its way and what comes after it, one after another. */
  const answerAll = async () => {
    for (const { give } of fixture.calls) {
      give();
      await fixture.clock.advance(0);
    }
  };
  return { ...fixture, order, answerAll };
}

const held = (remainingMs: number) => ({ fingerprint: 'f', remainingMs, lifetimeMs: HOUR_MS });

describe('when STS is busy', () => {
  it('a session that some node lacks goes first, then what ends soon, then renewals in good time', async () => {
    const { sessions, order, answerAll } = setup();
    sessions.claim(sessionOf('renewal'), 'node-1', held(30 * MINUTE_MS));
    sessions.claim(sessionOf('expiring'), 'node-1', held(10 * MINUTE_MS));
    sessions.claim(sessionOf('lacking'), 'node-1');
    await answerAll();
    expect(order()).toEqual(['lacking', 'expiring', 'renewal']);
  });

  it('a waiting renewal becomes urgent with time', async () => {
    const { sessions, clock, order, answerAll } = setup();
    sessions.claim(sessionOf('younger'), 'node-1', held(30 * MINUTE_MS));
    sessions.claim(sessionOf('older'), 'node-1', held(20 * MINUTE_MS));
    await clock.advance(6 * MINUTE_MS);
    await answerAll();
    expect(order()).toEqual(['older', 'younger']);
  });

  it('a waiting renewal becomes the first when it ends, or when a node comes that lacks it', async () => {
    const { sessions, clock, order, answerAll } = setup();
    sessions.claim(sessionOf('ends'), 'node-1', held(10 * MINUTE_MS));
    sessions.claim(sessionOf('wanted'), 'node-1', held(12 * MINUTE_MS));
    sessions.claim(sessionOf('plain'), 'node-1', held(11 * MINUTE_MS));
    sessions.claim(sessionOf('wanted'), 'node-2');
    await clock.advance(10 * MINUTE_MS);
    await answerAll();
    expect(order()).toEqual(['wanted', 'ends', 'plain']);
  });

  it('a role that STS has refused waits behind those that may succeed', async () => {
    const { sessions, calls, clock, order, answerAll } = setup();
    calls[0]?.give();
    await clock.advance(0);
    sessions.claim(sessionOf('refused'), 'node-1');
    calls[1]?.fail(awsError('AccessDenied'));
    await clock.advance(0);
    sessions.claim(sessionOf('slow'), 'node-1');
    await clock.advance(20_000);
    sessions.claim(sessionOf('new'), 'node-1');
    await answerAll();
    expect(order()).toEqual(['refused', 'slow', 'new', 'refused']);
  });

  it('namespaces take turns, whatever one of them wants', async () => {
    const { sessions, order, answerAll } = setup();
    for (let n = 0; n < 5; n++) sessions.claim(sessionOf(`big-${String(n)}`), 'node-1', undefined, 'big');
    sessions.claim(sessionOf('small'), 'node-1', undefined, 'small');
    await answerAll();
    expect(order().indexOf('small')).toBe(1);
  });

  it('a session released while it waits costs nothing, one claimed again waits anew', async () => {
    const { sessions, budget, order, answerAll } = setup();
    sessions.claim(sessionOf('gone'), 'node-1');
    sessions.claim(sessionOf('back'), 'node-1');
    sessions.claim(sessionOf('other'), 'node-1');
    sessions.release(idOf('gone'), 'node-1');
    sessions.release(idOf('back'), 'node-1');
    expect(budget.waiting).toBe(1);
    sessions.claim(sessionOf('back'), 'node-1');
    await answerAll();
    expect(order()).toEqual(['other', 'back']);
  });
});

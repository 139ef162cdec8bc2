import { describe, expect, it } from 'vitest';
import type { CachedClaim } from '../../src/credentials/sessions.ts';
import { HOUR_MS, MINUTE_MS, awsError, createSessionsFixture, idOf, sessionOf } from './fixture.ts';

/** A budget that is used up for the next hour but for what `refill` gives: calls stand in line. */
function setup() {
  const fixture = createSessionsFixture({ budget: { maxInFlight: 1 } });
  /** All of one Namespace. */
  const claim = (name: string, node: string, has?: CachedClaim) => {
    fixture.sessions.claim(sessionOf(name), node, has, 'shop');
  };
  claim('busy', 'node-0');
  const order = () => fixture.calls.slice(1).map(({ session }) => session.sessionName.slice('shop.'.length));
  /** Answers what is on its way and what comes after it, one after another. */
  const answerAll = async () => {
    for (const { give } of fixture.calls) {
      give();
      await fixture.clock.advance(0);
    }
  };
  return { ...fixture, claim, order, answerAll };
}

const held = (remainingMs: number) => ({ fingerprint: 'f', remainingMs, lifetimeMs: HOUR_MS });

describe('Queue for STS', () => {
  it('A session that a node lacks and one past half its life go before renewals that are not urgent', async () => {
    const { claim, order, answerAll } = setup();
    claim('renewal', 'node-1', held(32 * MINUTE_MS));
    claim('past-half', 'node-1', held(29 * MINUTE_MS));
    claim('lacking', 'node-1');
    await answerAll();
    expect(order()).toEqual(['past-half', 'lacking', 'renewal']);
  });

  it('A waiting renewal becomes urgent at half the life of its credentials', async () => {
    const { claim, clock, order, answerAll } = setup();
    claim('younger', 'node-1', held(33 * MINUTE_MS));
    claim('older', 'node-1', held(31 * MINUTE_MS));
    await clock.advance(2 * MINUTE_MS);
    await answerAll();
    expect(order()).toEqual(['older', 'younger']);
  });

  it('A waiting renewal becomes urgent when a node claims the session without credentials of its own', async () => {
    const { claim, order, answerAll } = setup();
    claim('plain', 'node-1', held(32 * MINUTE_MS));
    claim('wanted', 'node-1', held(32 * MINUTE_MS));
    claim('wanted', 'node-2');
    await answerAll();
    expect(order()).toEqual(['wanted', 'plain']);
  });

  it('A role that STS has refused waits behind roles that may succeed', async () => {
    const { claim, calls, clock, order, answerAll } = setup();
    calls[0]?.give();
    await clock.advance(0);
    claim('refused', 'node-1');
    calls[1]?.fail(awsError('AccessDenied'));
    await clock.advance(0);
    claim('slow', 'node-1');
    await clock.advance(20_000);
    claim('new', 'node-1');
    await answerAll();
    expect(order()).toEqual(['refused', 'slow', 'new', 'refused']);
  });

  it('Namespaces take turns in the queue, whatever one of them asks for', async () => {
    const { sessions, claim, order, answerAll } = setup();
    for (let n = 0; n < 5; n++) sessions.claim(sessionOf(`big-${String(n)}`), 'node-1', undefined, 'big');
    claim('small', 'node-1', held(32 * MINUTE_MS));
    await answerAll();
    expect(order().indexOf('small')).toBe(1);
  });

  it('A session that a second Namespace claims too does not wait behind other sessions of the first', async () => {
    const { sessions, claim, order, answerAll } = setup();
    for (let n = 0; n < 5; n++) claim(`flood-${String(n)}`, 'node-1');
    claim('shared', 'node-1');
    claim('alone', 'node-1');
    sessions.claim(sessionOf('shared'), 'node-2', undefined, 'quiet');
    await answerAll();
    expect(order().slice(0, 2)).toEqual(['flood-0', 'shared']);
  });

  it('A session released while it waits costs no call, and joins the end of the queue if it is claimed again', async () => {
    const { sessions, claim, budget, order, answerAll } = setup();
    claim('gone', 'node-1');
    claim('back', 'node-1');
    claim('other', 'node-1');
    sessions.release(idOf('gone'), 'node-1');
    sessions.release(idOf('back'), 'node-1');
    expect(budget.waiting).toBe(1);
    claim('back', 'node-1');
    await answerAll();
    expect(order()).toEqual(['other', 'back']);
  });
});

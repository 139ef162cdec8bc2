import { describe, expect, it } from 'vitest';
import { awsError, createSessionsFixture, HOUR_MS, idOf, MINUTE_MS, sessionOf } from './fixture.ts';

/** STS refuses every role. */
function setup() {
  const fixture = createSessionsFixture({ budget: { ratePerSecond: 10_000, burst: 10_000 } });
  fixture.sts.answer = () => {
    throw awsError('AccessDenied');
  };
  const { sessions, clock, memory } = fixture;
  /** A claim of a numbered role of a Namespace. */
  const claim = (name: string, node = 'node-1') => {
    sessions.claim(sessionOf(name), node, undefined, name.split('-')[0]);
    return sessions.get(idOf(name))?.failure?.reason;
  };
  /** Claims each role once and releases it. */
  async function comeAndGo(counts: Readonly<Record<string, number>>): Promise<void> {
    const names = Object.entries(counts).flatMap(([namespace, count]) =>
      Array.from({ length: count }, (_, at) => `${namespace}-${at}`),
    );
    for (const name of names) claim(name);
    await clock.advance(1);
    for (const name of names) sessions.release(idOf(name), 'node-1');
  }
  return { ...fixture, claim, comeAndGo, remembered: () => memory.sizes()['failed_sessions'] };
}

describe('Refused roles', () => {
  it('A refused role that no node claims is remembered until it may be tried again, then forgotten', async () => {
    const { sessions, clock, claim, comeAndGo, remembered, calls } = setup();
    await comeAndGo({ shop: 100 });
    expect([remembered(), calls.length]).toEqual([100, 100]);
    expect(claim('shop-1')).toBe('StsAccessDenied');
    sessions.release(idOf('shop-1'), 'node-1');
    expect(calls).toHaveLength(100);
    await clock.advance(5 * MINUTE_MS);
    expect([remembered(), clock.pending]).toEqual([0, 0]);
  });

  it('A refused role that is claimed again before it is forgotten gets credentials once STS issues them', async () => {
    const { sessions, sts, give, clock, claim, comeAndGo, remembered } = setup();
    await comeAndGo({ shop: 2 });
    claim('shop-1');
    expect(remembered()).toBe(1);
    sts.answer = give;
    await clock.advance(10 * MINUTE_MS);
    expect(sessions.get(idOf('shop-1'))?.credentials).toBeDefined();
  });

  it('At most 1,000 refused roles are remembered, and the oldest of the Namespace with the most are forgotten', async () => {
    const { claim, comeAndGo, remembered, calls } = setup();
    claim('needed-0');
    await comeAndGo({ shop: 3, greedy: 2_000 });
    expect([remembered(), calls.length]).toEqual([1_000, 2_004]);
    expect(['needed-0', 'shop-0', 'shop-2', 'greedy-1999'].map((name) => claim(name, 'node-2'))).toEqual(
      Array(4).fill('StsAccessDenied'),
    );
    expect(claim('greedy-0')).toBeUndefined();
    expect(calls).toHaveLength(2_005);
  });
});

describe('Shortened durations', () => {
  it('A role whose duration STS rejects as too long gets one hour for a day, then its full duration is tried again', async () => {
    const { sessions, sts, give, calls, clock, memory } = setup();
    const long = sessionOf('cart', { durationSeconds: 7_200 });
    sts.answer = (session) => {
      if (session.durationSeconds > 3_600)
        throw awsError('ValidationError', 'The requested DurationSeconds exceeds the MaxSessionDuration');
      return give(session);
    };
    const longAsks = () => calls.filter(({ session }) => session.durationSeconds === 7_200).length;
    sessions.claim(long, 'node-1', undefined, 'shop');
    for (let hour = 0; hour < 23; hour++) {
      await clock.advance(HOUR_MS);
      for (const { id } of sessions.summaries()) sessions.used(id);
    }
    expect([longAsks(), memory.sizes()['shortened_roles']]).toEqual([1, 1]);
    for (let hour = 0; hour < 2; hour++) {
      await clock.advance(HOUR_MS);
      for (const { id } of sessions.summaries()) sessions.used(id);
    }
    expect([longAsks(), memory.sizes()['shortened_roles']]).toEqual([2, 1]);
    for (const { id } of sessions.summaries()) sessions.release(id, 'node-1');
    await clock.advance(24 * HOUR_MS);
    expect(memory.sizes()['shortened_roles']).toBe(0);
  });
});

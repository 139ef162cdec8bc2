import { afterEach, describe, expect, it } from 'vitest';
import { silentLog, systemClock } from '@rolegate/runtime';
import { startSts } from '@rolegate/testing';
import { createSessions } from '../../src/credentials/sessions.ts';
import { createStsBudget } from '../../src/credentials/budget/sts-budget.ts';
import type { StsBudgetOptions } from '../../src/credentials/budget/sts-budget.ts';
import { createSts } from '../../src/credentials/sts/sts.ts';
import { sessionId } from '../../src/session/session.ts';
import type { Session } from '../../src/session/session.ts';
import { sessionOf } from './fixture.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** The real client over a real socket, and the machine's own clock. */
async function setup(budget: Partial<StsBudgetOptions> = {}) {
  const fake = await startSts();
  const sts = createSts({
    region: 'eu-west-1',
    endpoint: fake.url,
    credentialProvider: () => Promise.resolve({ accessKeyId: 'AKIASERVER', secretAccessKey: 'x' }),
    clock: systemClock,
  });
  const sessions = createSessions({
    issue: sts.assumeRole,
    budget: createStsBudget({ ratePerSecond: 10_000, burst: 10_000, clock: systemClock, ...budget }),
    clock: systemClock,
    random: Math.random,
    log: silentLog,
    metrics: { stsRequest: () => undefined },
  });
  closing.push(
    () => fake.close(),
    sts.close,
    () => {
      sessions.stop();
    },
  );

  /** Resolves when each of the sessions has credentials. */
  const issued = (all: readonly Session[]) =>
    new Promise<void>((resolve) => {
      const missing = new Set(all.map(sessionId));
      sessions.onChange((id) => {
        if (sessions.get(id)?.credentials !== undefined) missing.delete(id);
        if (missing.size === 0) resolve();
      });
    });
  return { fake, sessions, issued };
}

const crowd = (count: number, prefix = 'role') =>
  Array.from({ length: count }, (_, n) => sessionOf(`${prefix}-${String(n)}`));

describe('Sessions with the real STS client', () => {
  it('Sessions make one STS call each, however many nodes claim them, and at most 100 at a time', async () => {
    const { fake, sessions, issued } = await setup();
    fake.latency(20);
    const all = crowd(300);
    const done = issued(all);
    for (const node of ['node-1', 'node-2', 'node-3'])
      for (const session of all) sessions.claim(session, node);
    await done;
    expect(fake.calls).toHaveLength(300);
    expect(new Set(fake.calls.map(({ roleArn }) => roleArn)).size).toBe(300);
    expect(fake.mostInFlight).toBeLessThanOrEqual(100);
    expect(sessions.counts().valid).toBe(300);
  });

  it('Sessions are issued in spite of throttling, with one more call for each throttled one', async () => {
    const { fake, sessions, issued } = await setup();
    fake.fail('all', 'Throttling', 5);
    const all = crowd(60);
    const done = issued(all);
    for (const session of all) sessions.claim(session, 'node-1');
    await done;
    expect(fake.calls).toHaveLength(65);
  });

  it('A session of a good role is issued while those of 50 bad roles fail', async () => {
    const { fake, sessions, issued } = await setup();
    const bad = crowd(50, 'bad');
    for (const { roleArn } of bad) fake.fail(roleArn, 'AccessDenied');
    const good = sessionOf('good');
    const done = issued([good]);
    for (const session of bad) sessions.claim(session, 'node-1');
    sessions.claim(good, 'node-1');
    await done;
    expect(sessions.get(sessionId(good))?.failure).toBeUndefined();
  });

  it('A 12-hour session is issued for an hour if the server itself has role credentials', async () => {
    const { fake, sessions, issued } = await setup();
    const long = sessionOf('long', { durationSeconds: 43_200 });
    const done = issued([long]);
    sessions.claim(long, 'node-1');
    await done;
    expect(fake.calls.map(({ durationSeconds }) => durationSeconds)).toEqual([43_200, 3600]);
    expect(sessions.get(sessionId(long))?.credentials?.lifetimeMs).toBe(3_600_000);
  });
});

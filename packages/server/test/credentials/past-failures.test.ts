import { describe, expect, it } from '@jest/globals';
import { createFakeClock } from '@rolegate/testing';
import { createDurationLimits } from '../../src/credentials/duration-limits.ts';
import { createPastFailures } from '../../src/credentials/past-failures.ts';
import { createSessionEntry } from '../../src/credentials/session-entry.ts';
import { RENEW_AT } from '../../src/credentials/sessions.ts';
import { createStsBudget } from '../../src/credentials/sts-budget.ts';
import { classifyStsError } from '../../src/credentials/sts-errors.ts';
import { awsError, sessionOf } from './fixture.ts';

function setup(most?: number) {
  const clock = createFakeClock();
  const past = createPastFailures(clock, most);
  const fault = classifyStsError(awsError('AccessDenied'));
  const keep = (id: string, namespace: string, retryAtMs = 10_000) => {
    past.keep(id, namespace, { fault, failures: 1, retryAtMs });
  };
  return { clock, past, keep };
}

describe('failures of sessions that nobody claims', () => {
  it('are remembered until the session may be tried again', async () => {
    const { clock, past, keep } = setup();
    keep('a', 'shop');
    await clock.advance(9_999);
    expect(past.size()).toBe(1);
    await clock.advance(1);
    expect([past.size(), past.take('a'), clock.pending]).toEqual([0, undefined, 0]);
  });

  it('are taken out once, and leave no timer', () => {
    const { clock, past, keep } = setup();
    keep('a', 'shop');
    expect(past.take('a')).toMatchObject({ failures: 1, retryAtMs: 10_000 });
    expect([past.take('a'), clock.pending]).toEqual([undefined, 0]);
  });

  it('are forgotten, when there are too many, by the Namespace that has the most, the oldest first', () => {
    const { past, keep } = setup(10);
    for (let n = 0; n < 3; n++) keep(`shop-${n}`, 'shop');
    for (let n = 0; n < 1_000; n++) keep(`flood-${n}`, 'flood');
    expect(past.size()).toBe(10);
    for (let n = 0; n < 3; n++) expect(past.take(`shop-${n}`)).toBeDefined();
    expect([past.take('flood-992'), past.take('flood-993')]).toEqual([undefined, expect.anything()]);
  });
});

describe('a session that nobody claims any more', () => {
  it('leaves nothing behind but when it may be tried again', async () => {
    const clock = createFakeClock();
    const ended: unknown[] = [];
    const entry = createSessionEntry({
      session: sessionOf('refused'),
      namespace: 'shop',
      issue: () => Promise.reject(awsError('AccessDenied')),
      budget: createStsBudget({ ratePerSecond: 100, burst: 500, clock }),
      durations: createDurationLimits(),
      clock,
      random: () => 0.5,
      renewAt: RENEW_AT,
      past: undefined,
      onIssued: () => undefined,
      onFault: () => undefined,
      onChange: () => undefined,
      onEnd: (failure) => ended.push(failure),
    });
    entry.claim('node-1', undefined);
    await clock.advance(0);
    entry.release('node-1');
    expect(ended).toEqual([
      { failures: 1, retryAtMs: 7_500, fault: expect.objectContaining({ reason: 'StsAccessDenied' }) },
    ]);
    expect(clock.pending).toBe(0);
  });
});

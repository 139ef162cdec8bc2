import { describe, expect, it } from 'vitest';
import { createMemory } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { createDurationLimits } from '../../src/credentials/duration-limits.ts';
import { createSessionEntry } from '../../src/credentials/session-entry.ts';
import { RENEW_AT } from '../../src/credentials/lifetimes.ts';
import { createStsBudget } from '../../src/credentials/budget/sts-budget.ts';
import { awsError, sessionOf } from './fixture.ts';

describe('Session entry', () => {
  it('A session that no node claims any more leaves only its failure and the time of the next retry', async () => {
    const clock = createFakeClock();
    const ended: unknown[] = [];
    const entry = createSessionEntry({
      session: sessionOf('refused'),
      namespace: 'shop',
      issue: () => Promise.reject(awsError('AccessDenied')),
      budget: createStsBudget({ ratePerSecond: 100, burst: 500, clock }),
      durations: createDurationLimits(createMemory({ clock })),
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

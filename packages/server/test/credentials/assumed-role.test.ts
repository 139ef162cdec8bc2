import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createAssumedRole } from '../../src/credentials/assumed-role.ts';
import { createStsHealth } from '../../src/credentials/sts/health.ts';
import { classifyStsError } from '../../src/credentials/sts/errors.ts';
import { awsError, HOUR_MS, MINUTE_MS, recordingLog } from './fixture.ts';
import type { Line } from './fixture.ts';

/** A role that STS allows, or refuses with `sts.fault`. */
function setup() {
  const clock = createFakeClock();
  const lines: Line[] = [];
  const sts = { fault: undefined as Error | undefined, asked: [] as number[] };
  const health = createStsHealth({ log: recordingLog(lines) });
  const role = createAssumedRole({
    assume: async () => {
      sts.asked.push(clock.monotonic());
      await Promise.resolve();
      if (sts.fault !== undefined) throw sts.fault;
      return {
        accessKeyId: `ASIA${String(sts.asked.length)}`,
        secretAccessKey: 'secret',
        sessionToken: 'token',
        expiresAtMs: clock.now() + HOUR_MS,
        lifetimeMs: HOUR_MS,
      };
    },
    renewAt: { from: 0.4, to: 0.48 },
    health,
    clock,
    random: () => 0.5,
  });
  const stop = new AbortController();
  const ended = role.run(stop.signal);
  const key = async () => (await role.provider()).accessKeyId;
  const failure = async () => {
    try {
      return await key();
    } catch (error) {
      return classifyStsError(error);
    }
  };
  return {
    clock,
    lines,
    sts,
    health,
    role,
    key,
    failure,
    ended,
    stop: () => {
      stop.abort();
    },
  };
}

describe('Assumed role', () => {
  it('The role of --assume-role-arn is assumed once, however many calls wait for it', async () => {
    const { sts, key } = setup();
    const keys = await Promise.all(Array.from({ length: 100 }, key));
    expect([new Set(keys).size, sts.asked.length]).toEqual([1, 1]);
  });

  it('The assumed role is renewed before half of its lifetime, and later calls use the new credentials', async () => {
    const { clock, sts, key, role } = setup();
    expect(await key()).toBe('ASIA1');
    await clock.advance(26 * MINUTE_MS);
    expect(await key()).toBe('ASIA1');
    await clock.advance(3 * MINUTE_MS);
    expect(await key()).toBe('ASIA2');
    expect(sts.asked[1]).toBeLessThan(30 * MINUTE_MS + (sts.asked[0] ?? 0));
    expect(role.secondsLeft()).toBeGreaterThan(55 * 60);
  });

  it('If its renewal fails, the assumed role is used until it expires, while renewal is retried until STS recovers', async () => {
    const { clock, sts, key, failure, health, lines, role } = setup();
    await key();
    sts.fault = awsError('AccessDenied', 'not authorized');
    await clock.advance(59 * MINUTE_MS);
    expect(await key()).toBe('ASIA1');
    expect(sts.asked.length).toBeGreaterThan(50);
    expect(health.current()).toMatchObject({ reason: 'ServerCredentials' });
    await clock.advance(2 * MINUTE_MS);
    expect(role.secondsLeft()).toBeUndefined();
    expect(await failure()).toMatchObject({
      reason: 'ServerCredentials',
      message: expect.stringMatching(/role of --assume-role-arn.*AccessDenied: not authorized/) as unknown,
    });
    sts.fault = undefined;
    await clock.advance(31_000);
    expect(await key()).toMatch(/^ASIA/);
    expect(health.current()).toBeUndefined();
    expect(lines.map(({ message }) => message)).toEqual([
      'cannot assume the role of --assume-role-arn',
      'role of --assume-role-arn recovered',
    ]);
  });

  it('While STS is unavailable, the credentials of the assumed role count as rejected only once they have expired', async () => {
    const { clock, sts, key, failure, health, lines } = setup();
    await key();
    sts.fault = awsError('ServiceUnavailable');
    await clock.advance(59 * MINUTE_MS);
    expect([sts.asked.length > 50, health.current(), lines]).toEqual([true, undefined, []]);
    await clock.advance(2 * MINUTE_MS);
    await failure();
    expect(health.current()).toMatchObject({ reason: 'ServerCredentials' });
  });

  it('While STS refuses the assumed role, further requests for it fail immediately without a call', async () => {
    const { sts, failure, clock } = setup();
    sts.fault = awsError('AccessDenied');
    await failure();
    await clock.advance(0);
    const { length } = sts.asked;
    await Promise.all([failure(), failure()]);
    expect(sts.asked).toHaveLength(length);
  });

  it('A forced refresh assumes the role again', async () => {
    const { key, role } = setup();
    await key();
    await role.provider({ forceRefresh: true });
    expect(await key()).toBe('ASIA2');
  });

  it('The assumed role is no longer renewed after a stop', async () => {
    const { clock, sts, key, stop, ended } = setup();
    await key();
    stop();
    await ended;
    await clock.advance(2 * HOUR_MS);
    expect(sts.asked).toHaveLength(1);
  });
});

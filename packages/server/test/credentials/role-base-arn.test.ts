import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { silentLog } from '@rolegate/runtime';
import { createRoleBaseArnDetection, roleBaseArnOf } from '../../src/credentials/role-base-arn.ts';
import { awsError } from './fixture.ts';

const CALLER = 'arn:aws:sts::123456789012:assumed-role/rolegate-server/i-0';

function setup(answer = () => CALLER) {
  const clock = createFakeClock();
  const stop = new AbortController();
  const found: string[] = [];
  const sts = { asked: 0, answer };
  const detection = createRoleBaseArnDetection({
    callerArn: () => {
      sts.asked += 1;
      return Promise.resolve().then(sts.answer);
    },
    onFound: (arn) => found.push(arn),
    clock,
    random: () => 0.5,
    log: silentLog,
  });
  return { clock, stop, found, sts, ended: detection.run(stop.signal) };
}

describe('Role base ARN', () => {
  it.each([
    { arn: CALLER, base: 'arn:aws:iam::123456789012:role/' },
    { arn: 'arn:aws-cn:iam::210987654321:user/ann', base: 'arn:aws-cn:iam::210987654321:role/' },
    { arn: 'arn:aws-us-gov:iam::210987654321:root', base: 'arn:aws-us-gov:iam::210987654321:role/' },
  ])('The role base ARN of $arn is $base', ({ arn, base }) => {
    expect(roleBaseArnOf(arn)).toBe(base);
  });

  it('The role base ARN is detected once, and the service runs on until it is stopped', async () => {
    const { clock, stop, found, sts, ended } = setup();
    await clock.advance(3_600_000);
    expect([found, sts.asked]).toEqual([['arn:aws:iam::123456789012:role/'], 1]);
    stop.abort();
    await ended;
  });

  it('The role base ARN is requested repeatedly while STS is unavailable or returns an invalid ARN', async () => {
    const { clock, stop, found, sts, ended } = setup(() => {
      throw awsError('ServiceUnavailable');
    });
    await clock.advance(600_000);
    expect(sts.asked).toBeGreaterThan(20);
    sts.answer = () => 'arn:x';
    await clock.advance(60_000);
    expect(found).toEqual([]);
    sts.answer = () => CALLER;
    await clock.advance(30_000);
    expect(found).toHaveLength(1);
    stop.abort();
    await ended;
  });

  it('The role base ARN is no longer requested after a stop', async () => {
    const { clock, stop, found, sts, ended } = setup(() => {
      throw awsError('AccessDenied');
    });
    await clock.advance(10_000);
    stop.abort();
    await ended;
    const { asked } = sts;
    await clock.advance(600_000);
    expect([sts.asked, found]).toEqual([asked, []]);
  });
});

import type { LookupFunction } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createFakeClock, startSts } from '@rolegate/testing';
import { createOwnCredentialsWatch, createStsHealth } from '../../../src/credentials/sts/health.ts';
import { secondsLeftOf } from '../../../src/credentials/sts/own-key.ts';
import { createSts } from '../../../src/credentials/sts/sts.ts';
import type { StsOptions } from '../../../src/credentials/sts/sts.ts';
import { classifyStsError } from '../../../src/credentials/sts/errors.ts';
import { awsError, MINUTE_MS, recordingLog, sessionOf } from '../fixture.ts';
import type { Line } from '../fixture.ts';

function setup() {
  const clock = createFakeClock();
  const lines: Line[] = [];
  const health = createStsHealth({ log: recordingLog(lines) });
  const sts = { fault: undefined as Error | undefined, asked: 0 };
  const stop = new AbortController();
  const ask = () => {
    sts.asked += 1;
    return sts.fault === undefined ? Promise.resolve('arn') : Promise.reject(sts.fault);
  };
  const watch = createOwnCredentialsWatch({ checks: { calls: ask }, health, clock });
  void watch.run(stop.signal);
  return { clock, lines, health, sts };
}

describe('Watch of own credentials', () => {
  it("The watch notices within a minute that STS rejects the server without any Pod's request, and when that ends", async () => {
    const { clock, health, sts, lines } = setup();
    await clock.advance(MINUTE_MS);
    expect(health.current()).toBeUndefined();
    sts.fault = awsError('ExpiredToken');
    await clock.advance(10 * MINUTE_MS);
    expect(health.current()).toMatchObject({ reason: 'ServerCredentials' });
    sts.fault = undefined;
    await clock.advance(MINUTE_MS);
    expect(health.current()).toBeUndefined();
    expect(lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
      "error STS rejects the server's credentials",
      "info server's credentials recovered",
    ]);
    expect(sts.asked).toBe(13);
  });

  it.each(['ServiceUnavailable', 'Throttling'])(
    "The watch does not treat %s as a statement about the server's credentials",
    async (name) => {
      const { clock, health, sts } = setup();
      sts.fault = awsError('ExpiredToken');
      await clock.advance(MINUTE_MS);
      sts.fault = awsError(name);
      await clock.advance(MINUTE_MS);
      expect(health.current()).toMatchObject({ code: 'ExpiredToken' });
    },
  );
});

describe('STS health', () => {
  it('The health reports what stops calls now in preference to what will stop them later', () => {
    const health = createStsHealth({ log: recordingLog([]) });
    const [own, calls] = [
      classifyStsError(awsError('ExpiredToken')),
      classifyStsError(awsError('RegionDisabled')),
    ];
    health.rejected('own', own);
    health.rejected('calls', calls);
    expect(health.current()).toBe(calls);
    health.accepted('calls');
    expect(health.current()).toBe(own);
  });
});

describe('Server key', () => {
  it('A key of the server has a remaining lifetime unless it is permanent', () => {
    const clock = createFakeClock();
    const key = { accessKeyId: 'A', fixed: false };
    expect(secondsLeftOf({ ...key, expiresAtMs: clock.now() + 90_000 }, clock)).toBe(90);
    expect(secondsLeftOf({ ...key, expiresAtMs: undefined }, clock)).toBeUndefined();
    expect(secondsLeftOf(undefined, clock)).toBeUndefined();
  });
});

describe('Hints in STS errors', () => {
  const open: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });

  async function failureOf(options: Partial<StsOptions>) {
    const sts = createSts({ region: 'eu-west-1', clock: createFakeClock(), ...options });
    open.push(sts);
    return classifyStsError(await sts.assumeRole(sessionOf('app')).catch((error: unknown) => error));
  }

  it.each([
    { flags: { useFips: true }, said: 'check that eu-west-1 has such an STS endpoint (--sts-fips)' },
    { flags: { useFips: true, useDualstack: true }, said: '(--sts-fips, --sts-dualstack)' },
    { flags: {}, said: undefined },
  ])(
    'The error of an endpoint whose name does not resolve names the flags that chose it: $flags',
    async ({ flags, said }) => {
      const lookup: LookupFunction = (name, _options, done) => {
        done(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }), '', 4);
      };
      const provider = () => Promise.resolve({ accessKeyId: 'AKIA', secretAccessKey: 'x' });
      const fault = await failureOf({ ...flags, credentialProvider: provider, lookup });
      expect(fault).toMatchObject({ reason: 'StsUnavailable', code: 'ENOTFOUND' });
      if (said === undefined) expect(fault.message).not.toContain('STS endpoint');
      else expect(fault.message).toContain(said);
    },
  );

  it('The error of a rejected key says to restart the server if the key is from the environment', async () => {
    const fake = await startSts();
    open.push(fake);
    fake.expireServerCredentials();
    const source = { $source: { CREDENTIALS_ENV_VARS: 'g' } };
    const provider = (more: object) => () =>
      Promise.resolve({ accessKeyId: 'AKIA', secretAccessKey: 'x', ...more });
    const ofEnvironment = await failureOf({ endpoint: fake.url, credentialProvider: provider(source) });
    const ofOther = await failureOf({ endpoint: fake.url, credentialProvider: provider({}) });
    expect(ofEnvironment.message).toContain('correct the Secret, then restart the server');
    expect(ofOther.message).not.toContain('restart');
    expect([ofEnvironment.reason, ofOther.reason]).toEqual(['ServerCredentials', 'ServerCredentials']);
  });
});

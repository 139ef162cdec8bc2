import { afterEach, describe, expect, it } from 'vitest';
import { createFakeClock, startSts, stsFaults } from '@rolegate/testing';
import type { FakeSts, StsFaultName } from '@rolegate/testing';
import { classifyStsError } from '../../../src/credentials/sts/errors.ts';
import { createSts } from '../../../src/credentials/sts/sts.ts';
import type { Sts, StsOptions } from '../../../src/credentials/sts/sts.ts';
import type { Session } from '../../../src/session/session.ts';

const OWN_KEY = { accessKeyId: 'AKIASERVER', secretAccessKey: 'own-secret', sessionToken: 'own-token' };

const session: Session = {
  roleArn: 'arn:aws:iam::210987654321:role/team/reader',
  sessionName: 'shop.cart',
  externalId: 'x-1',
  sourceIdentity: 'shop',
  tags: [
    ['cluster', 'blue'],
    ['team', 'ä & <b>'],
  ],
  durationSeconds: 3600,
};

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function setup(options: Partial<StsOptions> = {}) {
  const clock = createFakeClock();
  const fake: FakeSts = await startSts({ clock });
  const sts: Sts = createSts({
    region: 'eu-west-1',
    endpoint: fake.url,
    credentialProvider: () => Promise.resolve(OWN_KEY),
    clock,
    timeoutMs: 2_000,
    ...options,
  });
  open.push(fake, sts);
  return { fake, sts, clock };
}

async function faultOf(call: Promise<unknown>) {
  try {
    await call;
  } catch (error) {
    return classifyStsError(error);
  }
  throw new Error('the call was answered');
}

describe('AssumeRole calls', () => {
  it("An AssumeRole call has all fields of the session, and is signed in the region with the server's key", async () => {
    const { fake, sts } = await setup();
    await sts.assumeRole(session);
    expect(fake.calls).toEqual([
      expect.objectContaining({ ...session, region: 'eu-west-1', callerKeyId: OWN_KEY.accessKeyId }),
    ]);
  });

  it('An AssumeRole call leaves out what the session does not have', async () => {
    const { fake, sts } = await setup();
    const { roleArn, sessionName } = session;
    await sts.assumeRole({ roleArn, sessionName, tags: [], durationSeconds: 900 });
    expect(fake.calls[0]).toMatchObject({
      externalId: undefined,
      sourceIdentity: undefined,
      tags: [],
      durationSeconds: 900,
    });
  });

  it('An AssumeRole call returns what STS issued', async () => {
    const { sts, clock } = await setup();
    const issued = await sts.assumeRole(session);
    expect(issued).toEqual({
      accessKeyId: expect.stringMatching(/^ASIA/),
      secretAccessKey: expect.stringMatching(/^.{40}$/),
      sessionToken: expect.stringMatching(/^.{400}$/),
      expiresAtMs: clock.now() + 3_600_000,
      lifetimeMs: 3_600_000,
    });
  });

  it.each([{ wrongByMs: -1_800_000 }, { wrongByMs: 1_800_000 }])(
    'The lifetime of credentials is computed with the clock of STS if the local one is wrong by $wrongByMs ms',
    async ({ wrongByMs }) => {
      const wrong = createFakeClock();
      wrong.jumpWall(wrongByMs);
      const { sts } = await setup({ clock: wrong });
      expect((await sts.assumeRole(session)).lifetimeMs).toBe(3_600_000);
    },
  );

  it('AssumeRole calls reuse their connection', async () => {
    const { fake, sts } = await setup();
    for (let n = 0; n < 5; n++) await sts.assumeRole(session);
    expect(fake.calls).toHaveLength(5);
    expect(fake.connections).toBe(1);
  });

  it('The STS client takes its own credentials from the environment by default', async () => {
    const { fake } = await setup();
    const before = { ...process.env };
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIAFROMENV', AWS_SECRET_ACCESS_KEY: 'x' });
    try {
      const sts = createSts({ region: 'eu-west-1', endpoint: fake.url, clock: createFakeClock() });
      open.push(sts);
      await sts.assumeRole(session);
    } finally {
      process.env = before;
    }
    expect(fake.calls[0]?.callerKeyId).toBe('AKIAFROMENV');
  });
});

describe('STS failures', () => {
  const reasonOf: Record<keyof typeof stsFaults, string> = {
    AccessDenied: 'StsAccessDenied',
    ValidationError: 'StsInvalidRequest',
    MalformedPolicyDocument: 'StsInvalidRequest',
    PackedPolicyTooLarge: 'StsInvalidRequest',
    InvalidParameterValue: 'StsInvalidRequest',
    Throttling: 'StsThrottled',
    ThrottlingException: 'StsThrottled',
    RequestLimitExceeded: 'StsThrottled',
    TooManyRequestsException: 'StsThrottled',
    ExpiredToken: 'ServerCredentials',
    ExpiredTokenException: 'ServerCredentials',
    InvalidClientTokenId: 'ServerCredentials',
    UnrecognizedClientException: 'ServerCredentials',
    SignatureDoesNotMatch: 'ServerCredentials',
    IncompleteSignature: 'ServerCredentials',
    MissingAuthenticationToken: 'ServerCredentials',
    RegionDisabledException: 'StsRegionDisabled',
    InvalidIdentityToken: 'ServerCredentials',
    InternalFailure: 'StsUnavailable',
    ServiceUnavailable: 'StsUnavailable',
  };
  const table = Object.entries(reasonOf).map(([name, reason]) => ({
    name: name as keyof typeof stsFaults,
    reason,
  }));

  it.each(table)('The STS error $name becomes $reason after one call', async ({ name, reason }) => {
    const { fake, sts } = await setup();
    fake.fail(session.roleArn, name);
    const fault = await faultOf(sts.assumeRole(session));
    expect(fault.reason).toBe(reason);
    expect(fault.message).toContain(stsFaults[name].message);
    expect(fault.message).toMatch(/\(request [0-9a-f-]{36}\)$/);
    expect(fake.calls).toHaveLength(1);
  });

  it.each<{ name: StsFaultName }>([{ name: 'Garbage' }, { name: 'Reset' }])(
    'The STS failure $name becomes StsUnavailable and is retried soon',
    async ({ name }) => {
      const { fake, sts } = await setup();
      fake.fail(session.roleArn, name);
      expect(await faultOf(sts.assumeRole(session))).toMatchObject({
        reason: 'StsUnavailable',
        retry: 'soon',
      });
    },
  );

  it('A call gives up on an STS that hangs, and the next call goes through', async () => {
    const { fake, sts } = await setup({ timeoutMs: 500 });
    fake.hang();
    expect(await faultOf(sts.assumeRole(session))).toMatchObject({
      reason: 'StsUnavailable',
      code: 'TimeoutError',
    });
    fake.resume();
    await expect(sts.assumeRole(session)).resolves.toBeDefined();
  });

  it('A call to an STS where nothing listens fails with ECONNREFUSED', async () => {
    const { fake, sts } = await setup();
    await fake.close();
    expect(await faultOf(sts.assumeRole(session))).toMatchObject({
      reason: 'StsUnavailable',
      code: 'ECONNREFUSED',
    });
  });

  it('A duration that is too long is told apart from other invalid requests', async () => {
    const { sts } = await setup();
    const long = await faultOf(sts.assumeRole({ ...session, durationSeconds: 7200 }));
    expect(long).toMatchObject({ reason: 'StsInvalidRequest', durationTooLong: true });
    const bad = await faultOf(sts.assumeRole({ ...session, sessionName: 'a/b' }));
    expect(bad).toMatchObject({ reason: 'StsInvalidRequest', durationTooLong: false });
  });
});

describe('Server credentials', () => {
  it("A failure of the provider of the server's credentials is not treated as a refusal of the role", async () => {
    const denied = Object.assign(new Error('not authorized to perform: sts:AssumeRoleWithWebIdentity'), {
      name: 'AccessDenied',
    });
    const { fake, sts } = await setup({ credentialProvider: () => Promise.reject(denied) });
    expect(await faultOf(sts.assumeRole(session))).toMatchObject({
      reason: 'ServerCredentials',
      retry: 'later',
    });
    expect(fake.calls).toHaveLength(0);
  });

  it('Server credentials that STS refuses are fetched again, and the call is repeated', async () => {
    const keys = ['AKIAOLD', 'AKIANEW'];
    const credentialProvider = () => Promise.resolve({ ...OWN_KEY, accessKeyId: keys.shift() ?? 'AKIANEW' });
    const { fake, sts } = await setup({ credentialProvider });
    fake.fail(session.roleArn, 'ExpiredToken', 1);
    await sts.assumeRole(session);
    expect(fake.calls.map(({ callerKeyId }) => callerKeyId)).toEqual(['AKIAOLD', 'AKIANEW']);
  });

  it('Server credentials are not fetched again by each of a hundred refused calls', async () => {
    let fetched = 0;
    const credentialProvider = () => Promise.resolve({ ...OWN_KEY, accessKeyId: `AKIA${String(++fetched)}` });
    const { fake, sts } = await setup({ credentialProvider });
    fake.expireServerCredentials();
    await Promise.all(Array.from({ length: 100 }, () => faultOf(sts.assumeRole(session))));
    expect(fetched).toBe(2);
  });
});

it("The STS client returns the server's own ARN", async () => {
  const { sts } = await setup();
  expect(await sts.callerArn()).toMatch(/^arn:aws:sts::123456789012:assumed-role\/rolegate-server\//);
});

it('An STS error never contains a secret of the server', async () => {
  const { fake, sts } = await setup();
  for (const name of Object.keys(stsFaults) as StsFaultName[]) {
    fake.fail(session.roleArn, name, 1);
    const fault = await faultOf(sts.assumeRole(session));
    expect(JSON.stringify(fault)).not.toMatch(/own-secret|own-token/);
  }
});

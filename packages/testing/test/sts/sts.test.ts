import { afterEach, describe, expect, it } from 'vitest';
import { createFakeClock } from '../../src/time/clock.ts';
import { startSts, stsFaults } from '../../src/sts/sts.ts';
import type { FakeSts, FakeStsOptions, StsFaultName } from '../../src/sts/sts.ts';

const ROLE = 'arn:aws:iam::210987654321:role/team/reader';
const SERVER_KEY = 'AKIASERVER';

const running: FakeSts[] = [];
afterEach(async () => {
  for (const sts of running.splice(0)) await sts.close();
});

async function setup(options: FakeStsOptions = {}) {
  const sts = await startSts(options);
  running.push(sts);
  return { sts, ...callerOf(sts) };
}

/** Calls like any SDK, by hand: a form, and a signature of which the fake reads only the signer. */
function callerOf({ url }: FakeSts) {
  async function ask(form: Record<string, string>, key = SERVER_KEY, token = '') {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `AWS4-HMAC-SHA256 Credential=${key}/20261123/eu-west-1/sts/aws4_request, SignedHeaders=host, Signature=0`,
        'x-amz-security-token': token,
      },
      body: new URLSearchParams({ Version: '2011-06-15', ...form }),
    });
    return { status: response.status, text: await response.text(), date: response.headers.get('date') };
  }
  const assume = (form: Record<string, string> = {}) =>
    ask({ Action: 'AssumeRole', RoleArn: ROLE, RoleSessionName: 'shop.cart', ...form });
  return { ask, assume };
}

function element(text: string, name: string): string {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? '';
}

describe('AssumeRole', () => {
  it('Each AssumeRole call gives a key of its own for the time asked for, by the clock', async () => {
    const clock = createFakeClock();
    const { assume } = await setup({ clock });
    const [first, second] = [await assume({ DurationSeconds: '900' }), await assume()];
    expect(first.status).toBe(200);
    expect(element(first.text, 'AccessKeyId')).toMatch(/^ASIA[A-Z2-7]{16}$/);
    expect(element(second.text, 'AccessKeyId')).not.toBe(element(first.text, 'AccessKeyId'));
    expect(element(first.text, 'Expiration')).toBe('2026-11-23T07:15:00Z');
    expect(element(second.text, 'Expiration')).toBe('2026-11-23T08:00:00Z');
    expect(first.date).toBe('Mon, 23 Nov 2026 07:00:00 GMT');
  });

  it('The fake STS gives credentials with no longer life than it is set to', async () => {
    const { assume, sts } = await setup({ clock: createFakeClock(), longestSeconds: 20 });
    expect(element((await assume()).text, 'Expiration')).toBe('2026-11-23T07:00:20Z');
    sts.limitLifetime(30);
    expect(element((await assume()).text, 'Expiration')).toBe('2026-11-23T07:00:30Z');
  });

  it('The assumed role is named without its path, in the account of the role', async () => {
    const { assume } = await setup();
    expect(element((await assume()).text, 'Arn')).toBe(
      'arn:aws:sts::210987654321:assumed-role/reader/shop.cart',
    );
  });

  it('The fake STS records what it was asked', async () => {
    const { sts, assume } = await setup({ clock: createFakeClock() });
    await assume({
      ExternalId: 'x-1',
      SourceIdentity: 'shop',
      DurationSeconds: '1800',
      'Tags.member.1.Key': 'team',
      'Tags.member.1.Value': 'a b',
      'Tags.member.2.Key': 'empty',
      'Tags.member.2.Value': '',
    });
    expect(sts.calls).toEqual([
      {
        roleArn: ROLE,
        sessionName: 'shop.cart',
        externalId: 'x-1',
        sourceIdentity: 'shop',
        durationSeconds: 1800,
        tags: [
          ['team', 'a b'],
          ['empty', ''],
        ],
        callerKeyId: SERVER_KEY,
        region: 'eu-west-1',
        atMs: Date.UTC(2026, 10, 23, 7),
      },
    ]);
  });

  it.each([
    { why: 'no ARN', form: { RoleArn: 'arn:x' } },
    { why: 'a user', form: { RoleArn: 'arn:aws:iam::210987654321:user/ann' } },
    { why: 'a session name too short', form: { RoleSessionName: 'a' } },
    { why: 'a session name too long', form: { RoleSessionName: 'a'.repeat(65) } },
    { why: 'a session name with a slash', form: { RoleSessionName: 'a/b' } },
    { why: 'an external ID with a space', form: { ExternalId: 'a b' } },
    { why: 'less than 15 minutes', form: { DurationSeconds: '899' } },
    { why: 'more than 12 hours', form: { DurationSeconds: '43201' } },
    { why: 'a duration that is no number', form: { DurationSeconds: 'long' } },
    { why: 'more than an hour by role chaining', form: { DurationSeconds: '3601' } },
    { why: 'an empty tag key', form: { 'Tags.member.1.Key': '', 'Tags.member.1.Value': '' } },
    {
      why: 'two tags that differ in case alone',
      form: {
        'Tags.member.1.Key': 'a',
        'Tags.member.1.Value': '',
        'Tags.member.2.Key': 'A',
        'Tags.member.2.Value': '',
      },
    },
  ])('The fake STS refuses $why', async ({ form }) => {
    const { assume } = await setup();
    const { status, text } = await assume(form);
    expect({ status, code: element(text, 'Code') }).toEqual({ status: 400, code: 'ValidationError' });
  });

  it('The fake STS enforces the MaxSessionDuration and the external ID of a role', async () => {
    const { sts, assume } = await setup();
    sts.maxSessionDuration(ROLE, 1800);
    expect(element((await assume()).text, 'Message')).toContain('MaxSessionDuration');
    sts.requireExternalId(ROLE, 'right');
    const short = { DurationSeconds: '900' };
    expect(element((await assume({ ...short, ExternalId: 'wrong' })).text, 'Code')).toBe('AccessDenied');
    expect((await assume({ ...short, ExternalId: 'right' })).status).toBe(200);
  });
});

describe('GetCallerIdentity', () => {
  const whoAmI = { Action: 'GetCallerIdentity' };

  it("A key issued elsewhere is the server's identity", async () => {
    const { ask } = await setup({ account: '111122223333' });
    const { text } = await ask(whoAmI);
    expect(element(text, 'Account')).toBe('111122223333');
    expect(element(text, 'Arn')).toMatch(/^arn:aws:sts::111122223333:assumed-role\//);
  });

  it('Issued credentials have their role and session as identity until they expire', async () => {
    const clock = createFakeClock();
    const { ask, assume } = await setup({ clock });
    const { text } = await assume({ DurationSeconds: '900' });
    const [key, token] = [element(text, 'AccessKeyId'), element(text, 'SessionToken')];
    expect(element((await ask(whoAmI, key, token)).text, 'Arn')).toBe(
      'arn:aws:sts::210987654321:assumed-role/reader/shop.cart',
    );
    expect(element((await ask(whoAmI, key, 'of another')).text, 'Code')).toBe('InvalidClientTokenId');
    await clock.advance(900_000);
    expect(element((await ask(whoAmI, key, token)).text, 'Code')).toBe('ExpiredToken');
  });

  it('An unsigned request is refused', async () => {
    const { sts } = await setup();
    const response = await fetch(sts.url, { method: 'POST', body: new URLSearchParams(whoAmI) });
    expect(element(await response.text(), 'Code')).toBe('MissingAuthenticationToken');
  });
});

describe('Faults', () => {
  it.each(Object.entries(stsFaults).map(([code, { status }]) => ({ code, status })))(
    'The fake STS answers $code with $status, as often as configured',
    async ({ code, status }) => {
      const { sts, assume } = await setup();
      sts.fail(ROLE, code as StsFaultName, 1);
      const failed = await assume();
      expect({ status: failed.status, code: element(failed.text, 'Code') }).toEqual({ status, code });
      expect(element(failed.text, 'Type')).toBe(status >= 500 ? 'Receiver' : 'Sender');
      expect((await assume()).status).toBe(200);
    },
  );

  it('A fault applies to one role, or to all, until mended', async () => {
    const { sts, assume } = await setup();
    const other = { RoleArn: `${ROLE}-2` };
    sts.fail(ROLE, 'AccessDenied');
    expect([(await assume()).status, (await assume(other)).status]).toEqual([403, 200]);
    sts.mend(ROLE);
    sts.fail('all', 'InternalFailure');
    expect([(await assume()).status, (await assume(other)).status]).toEqual([500, 500]);
    sts.mend('all');
    expect((await assume()).status).toBe(200);
  });

  it('The fake STS can cut the connection, or answer with invalid XML', async () => {
    const { sts, assume } = await setup();
    sts.fail(ROLE, 'Reset', 1);
    await expect(assume()).rejects.toThrow();
    sts.fail(ROLE, 'Garbage', 1);
    expect((await assume()).text).not.toContain('AssumeRoleResponse');
  });

  it('The fake STS throttles calls above the rate, by its clock', async () => {
    const clock = createFakeClock();
    const { sts, assume } = await setup({ clock });
    sts.throttleAbove(2);
    const codes = async () => element((await assume()).text, 'Code');
    expect([await codes(), await codes(), await codes()]).toEqual(['', '', 'Throttling']);
    await clock.advance(500);
    expect([await codes(), await codes()]).toEqual(['', 'Throttling']);
  });

  it('Expired credentials of the server are refused, and issued ones are not', async () => {
    const { sts, ask, assume } = await setup();
    const { text } = await assume();
    sts.expireServerCredentials();
    expect(element((await assume()).text, 'Code')).toBe('ExpiredToken');
    const issued = [element(text, 'AccessKeyId'), element(text, 'SessionToken')] as const;
    expect((await ask({ Action: 'GetCallerIdentity' }, ...issued)).status).toBe(200);
    sts.renewServerCredentials();
    expect((await assume()).status).toBe(200);
  });

  it('A hanging fake STS answers once it is resumed, and can be closed meanwhile', async () => {
    const { sts, assume } = await setup();
    sts.hang();
    const waiting = assume();
    expect(await Promise.race([waiting, new Promise((resolve) => setImmediate(resolve, 'nothing'))])).toBe(
      'nothing',
    );
    sts.resume();
    expect((await waiting).status).toBe(200);
    sts.hang();
    const cut = assume();
    cut.catch(() => undefined);
    await sts.close();
    await expect(cut).rejects.toThrow();
    running.length = 0;
  });
});

it('The fake STS answers 405 to other methods, and an error to other actions', async () => {
  const { sts, ask } = await setup();
  expect((await fetch(sts.url)).status).toBe(405);
  expect(element((await ask({ Action: 'Dance' })).text, 'Code')).toBe('InvalidAction');
});

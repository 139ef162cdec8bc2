import { afterEach, describe, expect, it } from 'vitest';
import { startPodIdentity } from '../../src/pod-identity.ts';
import { startSts } from '../../src/sts/sts.ts';
import type { FakeSts } from '../../src/sts/sts.ts';

const ROLE = 'arn:aws:iam::210987654321:role/team/server';
const OTHER = 'arn:aws:iam::210987654321:role/app';

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.close();
});

async function setup() {
  const sts = await startSts();
  running.push(sts);
  return { sts, ...callerOf(sts) };
}

function callerOf({ url }: FakeSts) {
  async function ask(form: Record<string, string>, key?: { id: string; token: string }) {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        ...(key && {
          authorization: `AWS4-HMAC-SHA256 Credential=${key.id}/20261123/eu-west-1/sts/aws4_request, Signature=0`,
          'x-amz-security-token': key.token,
        }),
      },
      body: new URLSearchParams({ Version: '2011-06-15', RoleSessionName: 'server', ...form }),
    });
    const text = await response.text();
    const element = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? '';
    return {
      status: response.status,
      element,
      key: { id: element('AccessKeyId'), token: element('SessionToken') },
    };
  }
  const byToken = (WebIdentityToken: string) =>
    ask({ Action: 'AssumeRoleWithWebIdentity', RoleArn: ROLE, WebIdentityToken });
  const assume = (RoleArn: string, key: { id: string; token: string }) =>
    ask({ Action: 'AssumeRole', RoleArn }, key);
  return { ask, byToken, assume };
}

describe('Web identity', () => {
  it('AssumeRoleWithWebIdentity needs no signature, and gives a key of the role for the accepted token', async () => {
    const { sts, ask, byToken } = await setup();
    sts.acceptWebIdentity('good');
    const { status, key, element } = await byToken('good');
    expect([status, element('Arn')]).toEqual([200, 'arn:aws:sts::210987654321:assumed-role/server/server']);
    expect((await ask({ Action: 'GetCallerIdentity' }, key)).element('Account')).toBe('210987654321');
    expect(sts.webIdentityCalls).toEqual([{ roleArn: ROLE, sessionName: 'server', token: 'good' }]);
  });

  it('AssumeRoleWithWebIdentity refuses any other token', async () => {
    const { sts, byToken } = await setup();
    expect((await byToken('good')).element('Code')).toBe('InvalidIdentityToken');
    sts.acceptWebIdentity('good');
    expect((await byToken('bad')).status).toBe(400);
  });
});

describe('Role keys', () => {
  it('The keys of a role expire on command, and later ones do not', async () => {
    const { sts, ask, byToken } = await setup();
    sts.acceptWebIdentity('good');
    const { key: first } = await byToken('good');
    sts.expireKeysOf(ROLE);
    const { key: second } = await byToken('good');
    expect((await ask({ Action: 'GetCallerIdentity' }, first)).element('Code')).toBe('ExpiredToken');
    expect((await ask({ Action: 'GetCallerIdentity' }, second)).status).toBe(200);
  });

  it('A role that trusts only another role is assumed only with keys of that', async () => {
    const { sts, byToken, assume } = await setup();
    sts.acceptWebIdentity('good');
    sts.trustOnly(OTHER, ROLE);
    const { key } = await byToken('good');
    expect((await assume(OTHER, key)).status).toBe(200);
    expect((await assume(OTHER, { id: 'AKIASERVER', token: '' })).element('Code')).toBe('AccessDenied');
  });

  it('A single key expires on command, and others do not', async () => {
    const { sts, assume } = await setup();
    sts.expireKey('AKIAONE');
    expect((await assume(OTHER, { id: 'AKIAONE', token: '' })).element('Code')).toBe('ExpiredToken');
    expect((await assume(OTHER, { id: 'AKIATWO', token: '' })).status).toBe(200);
  });
});

describe('Pod identity', () => {
  it('The Pod identity endpoint gives a new key each time to a caller with the token', async () => {
    const source = await startPodIdentity({ token: () => 'secret', lifetimeMs: 3_600_000 });
    running.push(source);
    const ask = (authorization: string) => fetch(source.url, { headers: { authorization } });
    const first = (await (await ask('secret')).json()) as Record<string, string>;
    await ask('secret');
    expect(first).toMatchObject({ AccessKeyId: source.given[0], AccountId: '123456789012' });
    expect(Date.parse(first['Expiration'] ?? '')).toBeGreaterThan(Date.now() + 3_500_000);
    expect(new Set(source.given).size).toBe(2);
    expect((await ask('wrong')).status).toBe(401);
    expect((await fetch(`${source.url}/x`)).status).toBe(404);
  });
});

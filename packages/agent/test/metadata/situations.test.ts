import { describe, expect, it } from 'vitest';
import type { Reason } from '@rolegate/protocol';
import type { Caller } from '../../src/addresses/caller.ts';
import type { Decision, CachedSession } from '../../src/feed/table/known-pod.ts';
import type { MetadataSettings } from '../../src/metadata/endpoint.ts';
import { allow, LIST, podOf, POD_IP, serve, sessionOf, TOKEN_HEADER, TTL_HEADER, until } from './served.ts';
import type { Answered, AskOptions, Served } from './served.ts';

/** The expected answer: a status, whether it is immediate, and the reason in the log. */
interface Expected {
  readonly status: number;
  readonly held?: boolean;
  readonly reason?: string;
  readonly body?: string | RegExp;
}

interface Row {
  readonly situation: string;
  readonly caller: Caller;
  readonly session?: CachedSession;
  readonly settings?: Partial<MetadataSettings>;
  readonly token?: 'good' | 'wrong';
  readonly asks?: string;
  readonly put: Expected;
  readonly list?: Expected;
  readonly credentials: Expected;
}

const known = (decision: Decision, more = {}): Caller => ({ kind: 'pod', pod: podOf({ decision, ...more }) });
const deny = (reason: Reason, roleName?: string): Decision => ({
  kind: 'deny',
  reason,
  message: 'the namespace secret-team permits ^only-theirs$',
  ...(roleName !== undefined && { roleName }),
});
const failing = (reason: Reason): CachedSession => ({
  id: 's-1',
  failure: { reason, message: 'arn:aws:sts::1:assumed-role/server is not authorized' },
});
const unknown: Caller = { kind: 'unknown', waitsFor: 'a CNI result with this address' };
const pending: Decision = { kind: 'pending', waitsFor: 'Namespace team-a' };
const given: Expected = { status: 200 };
const held = sessionOf('s-1', 'mine');

const rows: readonly Row[] = [
  {
    situation: 'metadata: deny',
    caller: known(pending, { metadata: { denied: true } }),
    put: { status: 403, reason: 'MetadataDenied' },
    list: { status: 403, reason: 'MetadataDenied' },
    credentials: { status: 403, reason: 'MetadataDenied' },
  },
  {
    situation: 'metadata: deny, and a wrong token',
    caller: known(allow, { metadata: { denied: true } }),
    token: 'wrong',
    put: { status: 403, reason: 'MetadataDenied' },
    list: { status: 403, reason: 'MetadataDenied' },
    credentials: { status: 403, reason: 'MetadataDenied' },
  },
  {
    situation: 'wrong token',
    caller: known(allow),
    session: held,
    token: 'wrong',
    put: given,
    list: { status: 401, reason: 'TokenInvalid' },
    credentials: { status: 401, reason: 'TokenInvalid' },
  },
  {
    situation: 'wrong token from an unknown address',
    caller: unknown,
    token: 'wrong',
    put: given,
    list: { status: 401, reason: 'TokenInvalid' },
    credentials: { status: 401, reason: 'TokenInvalid' },
  },
  {
    situation: 'no token while v2 is required',
    caller: known(allow),
    session: held,
    settings: { imdsv1: 'deny' },
    put: given,
    list: { status: 401, reason: 'TokenMissing' },
    credentials: { status: 401, reason: 'TokenMissing' },
  },
  {
    situation: 'a token while v2 is required',
    caller: known(allow),
    session: held,
    settings: { imdsv1: 'deny' },
    token: 'good',
    put: given,
    list: { status: 200, body: 'app/reader' },
    credentials: { status: 200, body: /mine/ },
  },
  {
    situation: 'address not known yet',
    caller: unknown,
    put: given,
    list: { status: 503, held: true, reason: 'HeldTimeout' },
    credentials: { status: 503, held: true, reason: 'HeldTimeout' },
  },
  {
    situation: 'Pod pending',
    caller: known(pending),
    put: given,
    list: { status: 503, held: true, reason: 'HeldTimeout' },
    credentials: { status: 503, held: true, reason: 'HeldTimeout' },
  },
  {
    situation: 'two live Pods with this address',
    caller: { kind: 'ambiguous', pods: [podOf(), podOf({ uid: 'uid-2', name: 'web-2' })] },
    put: given,
    list: { status: 403, held: true, reason: 'AmbiguousIp' },
    credentials: { status: 403, held: true, reason: 'AmbiguousIp' },
  },
  {
    situation: "the node's own address",
    caller: { kind: 'node' },
    put: given,
    list: { status: 403, reason: 'HostNetwork' },
    credentials: { status: 403, reason: 'HostNetwork' },
  },
  {
    situation: 'host network, decided early',
    caller: known(pending, { hostNetwork: true }),
    put: given,
    list: { status: 403, reason: 'HostNetwork' },
    credentials: { status: 403, reason: 'HostNetwork' },
  },
  {
    situation: 'host network, with a role that it gets by its ServiceAccount token alone',
    caller: known(allow, { hostNetwork: true }),
    session: held,
    put: given,
    list: { status: 403, reason: 'HostNetwork' },
    credentials: { status: 403, reason: 'HostNetwork' },
  },
  {
    situation: 'metadata: deny, with a role that it gets by its ServiceAccount token alone',
    caller: known(allow, { metadata: { denied: true } }),
    session: held,
    put: { status: 403, reason: 'MetadataDenied' },
    list: { status: 403, reason: 'MetadataDenied' },
    credentials: { status: 403, reason: 'MetadataDenied' },
  },
  {
    situation: 'static Pod, decided early',
    caller: known(pending, { runtimeUid: 'hash-1' }),
    put: given,
    list: { status: 403, reason: 'StaticPod' },
    credentials: { status: 403, reason: 'StaticPod' },
  },
  {
    situation: 'bad annotation',
    caller: known(deny('BadAnnotation')),
    put: given,
    list: { status: 403, reason: 'BadAnnotation' },
    credentials: { status: 403, reason: 'BadAnnotation' },
  },
  {
    situation: 'no role',
    caller: known(deny('NoRole')),
    put: given,
    list: { status: 404, reason: 'NoRole' },
    credentials: { status: 404, reason: 'NoRole' },
  },
  ...(['NamespaceDenied', 'OutsideCeiling', 'BadNamespaceRule'] as const).map((reason) => ({
    situation: `not permitted: ${reason}`,
    caller: known(deny(reason, 'app/reader')),
    put: given,
    list: { status: 200, body: 'app/reader' },
    credentials: { status: 403, reason },
  })),
  {
    situation: 'not permitted, and no role to name',
    caller: known(deny('NamespaceDenied')),
    put: given,
    list: { status: 403, reason: 'NamespaceDenied' },
    credentials: { status: 403, reason: 'NamespaceDenied' },
  },
  {
    situation: 'another role than its own',
    caller: known(allow),
    session: held,
    asks: 'app/writer',
    put: given,
    credentials: { status: 403, reason: 'RoleMismatch' },
  },
  {
    situation: 'valid credentials cached',
    caller: known(allow),
    session: held,
    put: given,
    list: { status: 200, body: 'app/reader' },
    credentials: { status: 200, body: '{"Code":"Success","SecretAccessKey":"mine"}' },
  },
  ...(['StsAccessDenied', 'StsUnavailable', 'ServerCredentials'] as const).map((reason) => ({
    situation: `valid credentials cached, whatever failed since: ${reason}`,
    caller: known(allow),
    session: { ...held, ...failing(reason) },
    put: given,
    list: { status: 200, body: 'app/reader' },
    credentials: { status: 200, body: /mine/ },
  })),
  ...(['StsAccessDenied', 'StsInvalidRequest'] as const).map((reason) => ({
    situation: `STS refuses the role: ${reason}`,
    caller: known(allow),
    session: failing(reason),
    put: given,
    list: { status: 200, body: 'app/reader' },
    credentials: {
      status: 200,
      reason,
      body: /^{\n {2}"Code" : "AssumeRoleUnauthorizedAccess",\n {2}"Message" : "[^"]+",\n {2}"LastUpdated" : "2026-11-23T07:00:0\dZ"\n}$/,
    },
  })),
  ...(
    ['StsThrottled', 'StsUnavailable', 'StsRegionDisabled', 'ServerCredentials', 'ServerUnavailable'] as const
  ).map((reason) => ({
    situation: `no valid credentials cached: ${reason}`,
    caller: known(allow),
    session: failing(reason),
    put: given,
    list: { status: 200, body: 'app/reader' },
    credentials: { status: 503, held: true, reason: 'HeldTimeout' },
  })),
  {
    situation: 'credentials expired',
    caller: known(allow),
    session: sessionOf('s-1', 'mine', 0),
    put: given,
    list: { status: 200, body: 'app/reader' },
    credentials: { status: 503, held: true, reason: 'CredentialsExpired' },
  },
];

async function setup({ caller, session, settings }: Row) {
  const served = await serve(settings);
  served.callers.set(POD_IP, caller);
  if (session !== undefined) served.sessions.set('s-1', session);
  return served;
}

async function tokenOf({ token }: Row, { tokens }: Served): Promise<Record<string, string>> {
  await Promise.resolve();
  if (token === undefined) return {};
  const good = tokens.mint({ ip: POD_IP, uid: 'uid-1', ttlSeconds: 60 });
  return {
    [TOKEN_HEADER]: token === 'good' ? good : `${good.slice(0, -1)}${good.endsWith('A') ? 'B' : 'A'}`,
  };
}

/** Sends a request; if it is held, lets the hold time pass. */
async function askThrough(
  served: Served,
  target: string,
  options: AskOptions,
  isHeld: boolean,
): Promise<Answered> {
  const { waiting } = served.server.load();
  const answered = served.records.length;
  const answer = served.ask(target, options);
  if (isHeld) {
    await until(() => served.server.load().waiting > waiting);
    expect(served.records).toHaveLength(answered);
    await served.clock.advance(850);
  }
  return answer;
}

function expectAnswer(
  served: Served,
  answer: Answered,
  { status, reason, body, held: isHeld }: Expected,
): void {
  expect(answer.status).toBe(status);
  expect(answer.headers['content-length']).toBe(String(Buffer.byteLength(answer.body)));
  expect(answer.headers['server']).toBe('EC2ws');
  expect(served.records.at(-1)).toMatchObject({ status, cache: isHeld === true ? 'hold' : 'hit' });
  expect(served.records.at(-1)?.reason).toBe(reason);
  if (body instanceof RegExp) expect(answer.body).toMatch(body);
  else if (body !== undefined) expect(answer.body).toBe(body);
  expect(answer.body).not.toMatch(/secret-team|only-theirs|assumed-role|web-2/);
  expect(answer.headers['retry-after']).toBe(status === 503 ? '1' : undefined);
}

describe('Pod situations', () => {
  it.each(rows)('A token request gets the answer for its situation: $situation', async (row) => {
    await using served = await setup(row);
    const answer = await served.ask('/latest/api/token', { method: 'PUT', headers: { [TTL_HEADER]: '300' } });
    expectAnswer(served, answer, row.put);
    expect(answer.headers[TTL_HEADER]).toBe(row.put.status === 200 ? '300' : undefined);
  });

  it.each(rows.filter(({ list }) => list !== undefined))(
    'A request for the list gets the answer for its situation: $situation',
    async (row) => {
      const { list = given } = row;
      await using served = await setup(row);
      const headers = await tokenOf(row, served);
      for (const target of [LIST, LIST.slice(0, -1)]) {
        const answer = await askThrough(served, target, { headers }, list.held === true);
        expectAnswer(served, answer, list);
      }
    },
  );

  it.each(rows)('A request for credentials gets the answer for its situation: $situation', async (row) => {
    await using served = await setup(row);
    const headers = await tokenOf(row, served);
    for (const slash of ['', '/']) {
      const target = `${LIST}${row.asks ?? 'app/reader'}${slash}`;
      const answer = await askThrough(served, target, { headers }, row.credentials.held === true);
      expectAnswer(served, answer, row.credentials);
    }
  });

  it.each(rows)(
    'A HEAD request for credentials is answered like GET, without a body: $situation',
    async (row) => {
      await using served = await setup(row);
      const headers = await tokenOf(row, served);
      const answer = await askThrough(
        served,
        `${LIST}${row.asks ?? 'app/reader'}`,
        { method: 'HEAD', headers },
        row.credentials.held === true,
      );
      expect(answer).toMatchObject({ status: row.credentials.status, body: '' });
      expect(Number(answer.headers['content-length'])).toBeGreaterThan(0);
    },
  );
});

describe('Refusals of every path', () => {
  const everyPath = rows.filter(({ credentials: { reason = '' } }) =>
    ['MetadataDenied', 'TokenInvalid', 'TokenMissing', 'HostNetwork', 'StaticPod', 'BadAnnotation'].includes(
      reason,
    ),
  );
  it.each(everyPath)('Other metadata is refused like credentials: $situation', async (row) => {
    await using served = await setup(row);
    const headers = await tokenOf(row, served);
    for (const path of ['placement/region', 'iam/info', 'iam/', '']) {
      const answer = await served.ask(`/latest/meta-data/${path}`, { headers });
      expectAnswer(served, answer, row.credentials);
    }
    expect(served.reads).toEqual([]);
  });

  it('A request for other metadata is held while its address is unknown', async () => {
    await using served = await serve();
    const answer = served.ask('/latest/meta-data/placement/region');
    await until(() => served.unknownIps.length > 0);
    served.callers.set(POD_IP, known(deny('NoRole')));
    served.change();
    expect((await answer).body).toBe('meta-data/placement/region for nobody');
  });
});

import { describe, expect, it } from 'vitest';
import { Refusal } from '@rolegate/protocol';
import type { Decision } from '../../src/feed/table/known-pod.ts';
import { LIST, POD_IP, podOf, ROLE_ARN, serve, sessionOf, until } from './served.ts';

const noRole: Decision = { kind: 'deny', reason: 'NoRole', message: '' };
const notPermitted: Decision = {
  kind: 'deny',
  reason: 'NamespaceDenied',
  message: '',
  roleName: 'app/reader',
};

async function setup(more: Parameters<typeof podOf>[0] = {}) {
  const served = await serve();
  served.callers.set(POD_IP, { kind: 'pod', pod: podOf(more) });
  served.sessions.set('s-1', sessionOf('s-1', 'mine'));
  return served;
}

describe('Other metadata', () => {
  it.each([
    { decision: podOf().decision, body: 'meta-data/placement/region for 123456789012' },
    { decision: noRole, body: 'meta-data/placement/region for nobody' },
    { decision: notPermitted, body: 'meta-data/placement/region for nobody' },
  ])('Other metadata is served with or without a role: $decision.kind', async ({ decision, body }) => {
    await using served = await setup({ decision });
    for (const target of [
      '/latest/meta-data/placement/region',
      '/2021-03-23/meta-data/placement/region/?x',
    ]) {
      const answer = await served.ask(target);
      expect(answer).toMatchObject({ status: 200, body, headers: { 'content-type': 'text/plain' } });
    }
    expect(served.reads).toEqual(['meta-data/placement/region', 'meta-data/placement/region']);
  });

  it("A path outside the Pod's own groups is blocked like one outside all groups", async () => {
    await using served = await setup({ metadata: { denied: false, only: new Set(['tags', 'network']) } });
    const own = await served.ask('/latest/meta-data/tags/instance/team');
    const outside = await served.ask('/latest/meta-data/placement/region');
    const never = await served.ask('/latest/user-data');
    expect([own.status, outside.status, never.status]).toEqual([200, 404, 404]);
    expect(Object.keys(JSON.parse(outside.body) as object)).toEqual(
      Object.keys(JSON.parse(never.body) as object),
    );
    expect(served.records.map(({ reason, detail }) => [reason, detail])).toEqual([
      [undefined, undefined],
      ['PathBlocked', "/meta-data/placement/region is not in this Pod's groups"],
      ['PathBlocked', 'no Pod may read /user-data here'],
    ]);
    expect(outside.body + never.body).not.toMatch(/region|user-data/);
  });

  it('A path that no Pod may read is refused without asking who owns the address', async () => {
    await using served = await serve();
    expect((await served.ask('/latest/user-data')).status).toBe(404);
    expect((await served.ask('/latest/dynamic/instance-identity/signature')).status).toBe(404);
    expect(served.unknownIps).toEqual([]);
  });

  it.each([
    {
      what: 'a file that the node has not',
      read: () => Promise.resolve(undefined),
      status: 404,
      reason: 'MetadataNotFound',
    },
    {
      what: 'a refusal',
      read: () => Promise.reject(new Refusal('PathBlocked', 'inner words')),
      status: 404,
      reason: 'PathBlocked',
    },
    {
      what: "the node's IMDS away",
      read: () => Promise.reject(new Error('connect 127.0.0.1')),
      status: 503,
      reason: 'NodeImdsAway',
    },
  ])(
    'Other metadata is answered $status without the words of the cause: $what',
    async ({ read, status, reason }) => {
      await using served = await setup();
      served.other.read = read;
      const answer = await served.ask('/latest/meta-data/placement/region');
      expect(answer.status).toBe(status);
      expect(answer.headers['retry-after']).toBe(status === 503 ? '1' : undefined);
      expect(answer.body).not.toMatch(/inner words|127\.0\.0\.1/);
      expect(served.records).toMatchObject([{ reason }]);
    },
  );

  it('A path that the node does not have is answered 404, logged at debug and not counted as a first request', async () => {
    await using served = await setup();
    served.other.read = () => Promise.resolve(undefined);
    const { status, body } = await served.ask('/latest/meta-data/tags/instance/team');
    expect([status, (JSON.parse(body) as { Code: string }).Code]).toEqual([404, 'MetadataNotFound']);
    expect(served.lines).toMatchObject([{ level: 'debug', fields: { reason: 'MetadataNotFound' } }]);
    expect(served.records).toMatchObject([{ firstRequest: false, first: false }]);
  });

  it('A late answer is not given to the next owner of the address', async () => {
    await using served = await setup();
    const reads: ((text: string) => void)[] = [];
    served.other.read = () => new Promise((resolve) => reads.push(resolve));
    const answer = served.ask('/latest/meta-data/placement/region');
    await until(() => reads.length === 1);
    served.callers.set(POD_IP, { kind: 'pod', pod: podOf({ uid: 'uid-2' }) });
    reads[0]?.('for the former');
    await expect(answer).rejects.toThrow();
  });
});

describe('IAM paths', () => {
  it("The iam/info document is made for the Pod's own role, and is the same each time", async () => {
    await using served = await setup();
    const first = await served.ask('/latest/meta-data/iam/info');
    const again = await served.ask('/latest/meta-data/iam/info/');
    expect(again.body).toBe(first.body);
    expect(JSON.parse(first.body)).toEqual({
      Code: 'Success',
      LastUpdated: '2026-11-23T07:00:00Z',
      InstanceProfileArn: ROLE_ARN.replace(':role/', ':instance-profile/'),
      InstanceProfileId: expect.stringMatching(/^AIPA[A-Z2-7]{17}$/) as unknown,
    });
    expect(served.records[0]?.route).toBe('iam-info');
  });

  it.each([{ decision: noRole }, { decision: notPermitted }])(
    'The iam paths are answered 404 without a permitted role: $decision.reason',
    async ({ decision }) => {
      await using served = await setup({ decision });
      for (const path of ['iam', 'iam/', 'iam/info']) {
        expect((await served.ask(`/latest/meta-data/${path}`)).status).toBe(404);
      }
    },
  );

  it('The iam directory lists info and security-credentials', async () => {
    await using served = await setup();
    expect((await served.ask('/latest/meta-data/iam/')).body).toBe('info\nsecurity-credentials/');
  });

  it('The root lists the versions', async () => {
    await using served = await setup();
    expect((await served.ask('/')).body).toBe('1.0\nlatest');
  });
});

describe('Answer records', () => {
  it('The record of an answer says who asked, with which SDK, and whether it was the first time', async () => {
    await using served = await setup();
    const headers = { 'user-agent': 'Boto3/1.40 md/Botocore#1.40' };
    for (const target of [LIST, `${LIST}app/reader`, `${LIST}app/reader`])
      await served.ask(target, { headers });
    expect(served.records).toMatchObject([
      { route: 'list', firstRequest: false, first: false },
      { route: 'credentials', firstRequest: true, first: true, sinceFirstRequestMs: 0 },
      { route: 'credentials', firstRequest: false, first: false },
    ]);
    expect(served.records[1]).toMatchObject({
      method: 'GET',
      status: 200,
      ip: POD_IP,
      pod: 'web-1',
      namespace: 'team-a',
      serviceAccount: 'default',
      uid: 'uid-1',
      role: ROLE_ARN,
      sessionName: 'team-a.default',
      sessionId: 's-1',
      accessKeyId: 'ASIAs-1',
      cache: 'hit',
      sdk: 'boto3',
      imds: 'v1',
    });
    expect(new Set(served.records.map(({ requestId }) => requestId)).size).toBe(3);
  });

  it('The first credentials are logged for audit, and no secret is in a line or record', async () => {
    await using served = await setup();
    for (const target of [`${LIST}app/reader`, `${LIST}app/reader`]) await served.ask(target);
    expect(served.lines).toMatchObject([
      {
        level: 'info',
        message: 'first credentials delivered',
        fields: { audit: true, accessKeyId: 'ASIAs-1' },
      },
      { level: 'debug', message: 'request answered' },
    ]);
    expect(JSON.stringify([served.lines, served.records])).not.toContain('mine');
  });

  it('The body of a refusal has its reason, its message and the request ID of its record', async () => {
    await using served = await setup();
    const body = JSON.parse((await served.ask(`${LIST}theirs`)).body) as Record<string, string>;
    const { requestId } = served.records[0] ?? {};
    const message = "the requested role is not the Pod's own";
    expect(body).toEqual({
      Code: 'RoleMismatch',
      code: 'RoleMismatch',
      Message: message,
      message,
      requestId,
    });
  });
});

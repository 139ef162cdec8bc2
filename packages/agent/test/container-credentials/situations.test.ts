import { describe, expect, it } from 'vitest';
import type { Reason } from '@rolegate/protocol';
import type { Caller } from '../../src/addresses/caller.ts';
import type { TokenJudgement } from '../../src/container-credentials/token-judge.ts';
import type { CachedSession, Decision, KnownPod } from '../../src/feed/table/known-pod.ts';
import { OTHER_IP, podOf, POD_IP, until } from '../metadata/served.ts';
import { cachedSession, claimsOf, host, NODE_IP, serve, tokenOf, web } from './served.ts';

interface Row {
  readonly situation: string;
  /** Of the token; `web` by default. */
  readonly pod?: KnownPod;
  /** Where the request comes from. */
  readonly from?: string;
  readonly source?: Caller;
  readonly judgement?: TokenJudgement;
  /** What the feed says about the Pod; 'absent' and 'removed': nothing. */
  readonly known?: KnownPod | 'absent' | 'removed';
  readonly session?: CachedSession;
  readonly status: number;
  readonly held?: boolean;
  readonly reason?: string;
}

const deny = (reason: Reason): Decision => ({ kind: 'deny', reason, message: 'secret-team permits nothing' });
const failing = (reason: Reason): CachedSession => ({
  id: 's-1',
  failure: { reason, message: 'not authorized' },
});
const other: Caller = { kind: 'pod', pod: podOf({ uid: 'uid-2', name: 'web-2' }) };
const unknown: Caller = { kind: 'unknown', waitsFor: 'a CNI result with this address' };
const node: Caller = { kind: 'node' };

const rows: readonly Row[] = [
  { situation: 'credentials cached', status: 200 },
  {
    situation: 'credentials of a Pod on the host network, from the node',
    pod: host,
    from: NODE_IP,
    status: 200,
  },
  {
    situation: 'a Pod on the host network, from an address of --host-ip',
    pod: host,
    from: OTHER_IP,
    source: node,
    status: 200,
  },
  { situation: 'metadata: deny', known: { ...web, metadata: { denied: true } }, status: 200 },
  {
    situation: 'an ambiguous address of which one is the Pod',
    source: { kind: 'ambiguous', pods: [web, podOf({ uid: 'uid-2' })] },
    status: 200,
  },
  {
    situation: 'an invalid token',
    judgement: { kind: 'invalid', fault: 'expired' },
    status: 401,
    reason: 'TokenInvalid',
  },
  {
    situation: 'keys awaited',
    judgement: { kind: 'unknown', waitsFor: 'keys' },
    status: 503,
    held: true,
    reason: 'HeldTimeout',
  },
  {
    situation: 'a Pod that the feed does not have yet',
    known: 'absent',
    status: 503,
    held: true,
    reason: 'HeldTimeout',
  },
  { situation: 'a deleted Pod', known: 'removed', status: 401, reason: 'TokenInvalid' },
  { situation: 'a Pod that has ended', known: { ...web, ended: true }, status: 401, reason: 'TokenInvalid' },
  {
    situation: 'another ServiceAccount',
    known: { ...web, serviceAccount: 'admin' },
    status: 401,
    reason: 'TokenInvalid',
  },
  {
    situation: 'another Namespace',
    known: { ...web, namespace: 'team-b' },
    status: 401,
    reason: 'TokenInvalid',
  },
  { situation: 'another name', known: { ...web, name: 'web-9' }, status: 401, reason: 'TokenInvalid' },
  {
    situation: 'an address that nobody owns',
    source: unknown,
    status: 503,
    held: true,
    reason: 'HeldTimeout',
  },
  { situation: 'the address of another Pod', source: other, status: 401, reason: 'TokenForeign' },
  {
    situation: 'an ambiguous address of others',
    source: { kind: 'ambiguous', pods: [podOf({ uid: 'uid-2' })] },
    status: 401,
    reason: 'TokenForeign',
  },
  {
    situation: "a process of the node with a Pod's token",
    from: NODE_IP,
    status: 401,
    reason: 'TokenForeign',
  },
  {
    situation: 'an ordinary Pod with the token of one on the host network',
    pod: host,
    status: 401,
    reason: 'TokenForeign',
  },
  {
    situation: 'an address that a CNI result gives to a Pod on the host network',
    pod: host,
    source: { kind: 'pod', pod: host },
    status: 401,
    reason: 'TokenForeign',
  },
  {
    situation: 'an unknown address with the token of a Pod on the host network',
    pod: host,
    source: unknown,
    status: 503,
    held: true,
    reason: 'HeldTimeout',
  },
  {
    situation: 'pending',
    known: { ...web, decision: { kind: 'pending', waitsFor: 'Namespace team-a' } },
    status: 503,
    held: true,
    reason: 'HeldTimeout',
  },
  { situation: 'no role', known: { ...web, decision: deny('NoRole') }, status: 404, reason: 'NoRole' },
  {
    situation: 'not permitted',
    known: { ...web, decision: deny('NamespaceDenied') },
    status: 403,
    reason: 'NamespaceDenied',
  },
  {
    situation: 'a bad annotation',
    known: { ...web, decision: deny('BadAnnotation') },
    status: 403,
    reason: 'BadAnnotation',
  },
  {
    situation: 'a server that does not know yet that the node serves the endpoint',
    pod: host,
    from: NODE_IP,
    known: { ...host, decision: deny('HostNetwork') },
    status: 403,
    held: true,
    reason: 'HostNetwork',
  },
  {
    situation: 'STS refuses the role',
    session: failing('StsAccessDenied'),
    status: 403,
    reason: 'StsAccessDenied',
  },
  {
    situation: 'STS refuses the request',
    session: failing('StsInvalidRequest'),
    status: 403,
    reason: 'StsInvalidRequest',
  },
  {
    situation: 'STS is down',
    session: failing('StsUnavailable'),
    status: 503,
    held: true,
    reason: 'HeldTimeout',
  },
  {
    situation: 'credentials not there yet',
    session: { id: 's-1' },
    status: 503,
    held: true,
    reason: 'HeldTimeout',
  },
  {
    situation: 'credentials expired',
    session: cachedSession('s-1', 0),
    status: 503,
    held: true,
    reason: 'CredentialsExpired',
  },
  {
    situation: 'a failed renewal of valid credentials',
    session: { ...cachedSession('s-1'), ...failing('StsAccessDenied') },
    status: 200,
  },
];

describe('Container credentials by situation', () => {
  it.each(rows)('$situation: $status $reason', async (row) => {
    const { pod = web, from = POD_IP, source, judgement, known = pod, status } = row;
    await using served = await serve();
    const token = tokenOf(pod.name);
    if (source !== undefined) served.callers.set(from, source);
    if (typeof known === 'string') served.pods.delete(pod.uid);
    else served.pods.set(pod.uid, known);
    if (known === 'removed') served.removed.add(pod.uid);
    served.judgements.set(token, judgement ?? { kind: 'valid', claims: claimsOf(pod) });
    if (row.session !== undefined) served.sessions.set('s-1', row.session);

    const asking = served.ask({ ip: from, headers: { authorization: token } });
    if (row.held === true) {
      await until(() => served.server.load().waiting === 1);
      await served.clock.advance(849);
      expect(served.server.load().waiting).toBe(1);
      await served.clock.advance(1);
    }
    const answer = await asking;

    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.headers['retry-after']).toBe(status === 503 ? '1' : undefined);
    expect(served.records).toMatchObject([{ status, reason: row.reason, route: 'container-credentials' }]);
    expect(answer.body).not.toMatch(/secret-team|team-a|not authorized/);
    expect(JSON.stringify([served.records, served.lines])).not.toContain(token);
  });

  it('A document has the five members that SDKs read, and times without milliseconds', async () => {
    await using served = await serve();
    const { body } = await served.ask();
    expect(body).toBe(
      '{"AccessKeyId":"ASIAs-1","SecretAccessKey":"secret/+\\"\\\\","Token":"token==","Expiration":"2026-11-23T07:39:10Z","AccountId":"123456789012"}',
    );
  });

  it('A refusal has its code and message in both spellings, and a request ID', async () => {
    await using served = await serve();
    const { body } = await served.ask({ headers: { authorization: tokenOf('forged') } });
    const { code, message, requestId } = JSON.parse(body) as Record<string, unknown>;
    expect(JSON.parse(body)).toEqual({ Code: code, code, Message: message, message, requestId });
    expect(code).toBe('TokenInvalid');
  });

  it('A held request is answered when the node knows its address, the judge its token and the feed its Pod', async () => {
    await using served = await serve();
    served.callers.set(POD_IP, unknown);
    served.pods.delete(web.uid);
    served.judgements.set(tokenOf(web.name), { kind: 'unknown', waitsFor: 'keys' });
    const asking = served.ask();
    await until(() => served.server.load().waiting === 1);
    expect(served.unknownIps).toEqual([POD_IP]);

    served.callers.set(POD_IP, { kind: 'pod', pod: web });
    served.change();
    await until(() => served.judged.length === 1);
    served.judgements.set(tokenOf(web.name), { kind: 'valid', claims: claimsOf(web) });
    served.learn();
    await until(() => served.judged.length === 2);
    served.pods.set(web.uid, web);
    served.change();
    expect((await asking).status).toBe(200);
  });

  it('No token is verified for an address that nobody is known to own, so that made-up addresses have no budgets', async () => {
    await using served = await serve();
    served.callers.set(POD_IP, unknown);
    const asking = served.ask();
    await until(() => served.server.load().waiting === 1);
    await served.clock.advance(850);

    expect((await asking).status).toBe(503);
    expect(served.judged).toEqual([]);
  });

  it('The use of another Pod’s token is audited with both Pods, however often, and its session does not count as used', async () => {
    await using served = await serve();
    served.callers.set(POD_IP, other);
    for (let times = 0; times < 20; times += 1) await served.ask();
    await served.clock.advance(10_000);

    const audited = served.lines.filter(({ fields }) => fields['audit'] === true);
    expect(audited).toHaveLength(5);
    expect(audited[0]).toMatchObject({
      level: 'warn',
      message: 'ServiceAccount token used from another address',
      fields: {
        reason: 'TokenForeign',
        pod: 'web-2',
        uid: 'uid-2',
        ip: POD_IP,
        tokenPod: 'team-a/web-1',
        tokenUid: 'uid-1',
      },
    });
    const suppressed = served.lines.filter(({ message }) => message === 'refusal lines suppressed');
    expect(suppressed).toMatchObject([{ fields: { leftOut: 15, uid: 'uid-2', tokenUid: 'uid-1' } }]);
  });

  it("A Pod's first credentials are those of either endpoint", async () => {
    await using served = await serve();
    await served.ask();
    await served.ask();
    const list = '/latest/meta-data/iam/security-credentials';
    await served.askMetadata(`${list}/app/reader`);
    expect(served.records.map(({ route, first, imds }) => ({ route, first, imds }))).toEqual([
      { route: 'container-credentials', first: true, imds: undefined },
      { route: 'container-credentials', first: false, imds: undefined },
      { route: 'credentials', first: false, imds: 'v1' },
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { createPendingReviews, createTestJudge } from './judge-setup.ts';
import { claimsOfPod, CLAIMS, createKey, createToken, ISSUER, NOW_SECONDS, POD } from './tokens.ts';

const KEY = createKey();
const VALID = { kind: 'valid', claims: POD };
const unknown = (waitsFor: RegExp) => ({ kind: 'unknown', waitsFor: expect.stringMatching(waitsFor) });
const invalid = (fault: RegExp) => ({ kind: 'invalid', fault: expect.stringMatching(fault) });
const tokenOfPod = (uid: string, key = KEY) => createToken(key, { claims: claimsOfPod(uid) });

describe('Valid ServiceAccount tokens', () => {
  it.each(['RS256', 'ES256', 'ES384', 'ES512'] as const)('A token signed with %s is valid', (algorithm) => {
    const key = createKey(algorithm);
    const { judge, reviewed } = createTestJudge({
      keys: [key],
      review: () => Promise.reject(new Error('no')),
    });
    expect(judge(createToken(key))).toEqual(VALID);
    expect(reviewed).toEqual([]);
  });

  it.each([
    { what: 'that expired 60 seconds ago', claims: { exp: NOW_SECONDS - 60 } },
    { what: 'valid in 60 seconds', claims: { nbf: NOW_SECONDS + 60, iat: NOW_SECONDS + 60 } },
    { what: 'with its audience as a text', claims: { aud: 'rolegate' } },
    { what: 'without a node', claims: { 'kubernetes.io': { ...CLAIMS['kubernetes.io'], node: undefined } } },
    { what: 'that lives for 2^32 seconds', claims: { exp: NOW_SECONDS + 2 ** 32 } },
  ])('A token $what is valid', ({ claims }) => {
    expect(createTestJudge({ keys: [KEY] }).judge(createToken(KEY, { claims }))).toEqual(VALID);
  });

  it('A fault can be read by itself', () => {
    const { judge } = createTestJudge({ keys: [KEY] });
    const token = createToken(KEY, { claims: { exp: NOW_SECONDS - 61 } });
    const fault = 'the ServiceAccount token is invalid: it has expired';
    expect(judge(token)).toEqual({ kind: 'invalid', fault });
  });

  it('A token of the type JWT is valid', () => {
    expect(createTestJudge({ keys: [KEY] }).judge(createToken(KEY, { header: { typ: 'JWT' } }))).toEqual(
      VALID,
    );
  });

  it('A token of each accepted issuer is valid', () => {
    const { judge, send } = createTestJudge();
    send([KEY], [ISSUER, 'https://former.example']);
    for (const iss of [ISSUER, 'https://former.example'])
      expect(judge(createToken(KEY, { claims: { iss } }))).toEqual(VALID);
  });

  it('A valid token becomes invalid a second after its leeway, also if it was judged before', async () => {
    const { judge, clock } = createTestJudge({ keys: [KEY] });
    const token = createToken(KEY, { claims: { exp: NOW_SECONDS + 600 } });
    expect(judge(token)).toEqual(VALID);
    await clock.advance(660_000);
    expect(judge(token)).toEqual(VALID);
    await clock.advance(1_000);
    expect(judge(token)).toEqual(invalid(/expired/));
  });

  it('A token is not valid any longer when its key or its issuer is withdrawn', () => {
    const { judge, send } = createTestJudge({ keys: [KEY] });
    const token = createToken(KEY);
    expect(judge(token)).toEqual(VALID);
    send([createKey('ES256', 'next')]);
    expect(judge(token)).toEqual(unknown(/review/));
    send([KEY], ['https://other.example']);
    expect(judge(token)).toEqual(unknown(/review/));
    send([KEY, createKey('ES256', 'next')]);
    expect(judge(token)).toEqual(VALID);
  });
});

describe('Budget of verifications', () => {
  it('A client that shows many tokens waits for its turn, and others are judged at once', async () => {
    const { judge, limited, changes, clock } = createTestJudge({ keys: [KEY] });
    for (let at = 0; at < 100; at += 1) expect(judge(tokenOfPod(`uid-${at}`), 'flooder').kind).toBe('valid');
    const late = tokenOfPod('late');
    expect(judge(late, 'flooder')).toEqual(unknown(/turn/));
    expect(judge(late, 'flooder')).toEqual(unknown(/turn/));
    expect(limited).toEqual(['token_verifications flooder']);
    expect(judge(createToken(KEY), 'victim')).toEqual(VALID);
    await clock.advance(0);
    const before = changes.count;
    await clock.advance(200);
    expect(changes.count).toBe(before + 1);
    expect(judge(late, 'flooder').kind).toBe('valid');
  });

  it('Pods on the host network share an address, but not their budget', () => {
    const { judge, hostPods, limited } = createTestJudge({ keys: [KEY] });
    for (const uid of ['host-1', 'host-2']) hostPods.add(uid);
    for (let at = 0; at < 101; at += 1)
      judge(createToken(KEY, { claims: { ...claimsOfPod('host-1'), jti: String(at) } }), '169.254.170.23');
    expect(limited).toEqual(['token_verifications 169.254.170.23']);
    expect(judge(tokenOfPod('host-2'), '169.254.170.23').kind).toBe('valid');
    for (let at = 0; at < 101; at += 1) judge(tokenOfPod(`made-up-${at}`), '169.254.170.23');
    expect(limited).toHaveLength(2);
  });

  it('A token that is known costs nothing of the budget', () => {
    const { judge, limited } = createTestJudge({ keys: [KEY] });
    const token = createToken(KEY);
    for (let at = 0; at < 1_000; at += 1) expect(judge(token)).toEqual(VALID);
    const bad = `${token.slice(0, -4)}AAAA`;
    for (let at = 0; at < 1_000; at += 1) expect(judge(bad)).toEqual(invalid(/signature/));
    expect(limited).toEqual([]);
  });

  it('A flood by many clients delays a client of its own by no more than one turn of each', async () => {
    const { judge, clock } = createTestJudge({ keys: [KEY] });
    for (let client = 0; client < 10; client += 1)
      for (let at = 0; at < 60; at += 1) judge(tokenOfPod(`uid-${client}-${at}`), `flooder-${client}`);
    const token = createToken(KEY);
    expect(judge(token, 'victim')).toEqual(unknown(/turn/));
    await clock.advance(110);
    expect(judge(token, 'victim')).toEqual(VALID);
  });
});

describe('Reviews of ServiceAccount tokens', () => {
  it('A token of an unknown key is unknown until its review, which is asked for once', async () => {
    const { review, open } = createPendingReviews();
    const { judge, changes, clock } = createTestJudge({ keys: [KEY], review });
    const token = createToken(createKey('ES256', 'other'));
    for (let at = 0; at < 5; at += 1) expect(judge(token)).toEqual(unknown(/review/));
    expect(open.map((one) => one.token)).toEqual([token]);
    const before = changes.count;
    open[0]?.answer({ podUid: POD.podUid });
    await clock.advance(0);
    expect(changes.count).toBe(before + 1);
    expect(judge(token)).toEqual(VALID);
  });

  it('A token of a known key and an unknown issuer is reviewed', async () => {
    const { judge, clock, reviewed } = createTestJudge({
      keys: [KEY],
      review: () => Promise.resolve({ podUid: POD.podUid, fault: '' }),
    });
    const token = createToken(KEY, { claims: { iss: 'https://former.example' } });
    expect(judge(token)).toEqual(unknown(/issuer/));
    await clock.advance(0);
    expect(judge(token)).toEqual(VALID);
    expect(reviewed).toEqual([token]);
  });

  it('A token is verified as soon as its key arrives, even while a review is awaited', () => {
    const { review, open } = createPendingReviews();
    const { judge, send } = createTestJudge({ review });
    const token = createToken(KEY);
    expect(judge(token)).toEqual(unknown(/keys/));
    send([KEY]);
    expect(judge(token)).toEqual(VALID);
    expect(open).toHaveLength(1);
  });

  it('A token is reviewed if the server has no keys', async () => {
    const { judge, clock } = createTestJudge({
      review: () => Promise.resolve({ podUid: POD.podUid, fault: '' }),
    });
    const token = createToken(KEY);
    judge(token);
    await clock.advance(0);
    expect(judge(token)).toEqual(VALID);
  });

  it('A review is valid for ten minutes and never longer than the token', async () => {
    const { judge, clock, reviewed } = createTestJudge({
      review: () => Promise.resolve({ podUid: POD.podUid, fault: '' }),
    });
    const [long, short] = [3_600, 240].map((life) =>
      createToken(KEY, { claims: { exp: NOW_SECONDS + life } }),
    ) as [string, string];
    for (const token of [long, short]) judge(token);
    await clock.advance(0);
    for (const token of [long, short]) expect(judge(token)).toEqual(VALID);
    await clock.advance(301_000);
    expect(judge(long)).toEqual(VALID);
    expect(judge(short)).toEqual(invalid(/expired/));
    await clock.advance(300_000);
    expect(judge(long)).toEqual(unknown(/keys/));
    expect(reviewed).toEqual([long, short, long]);
  });

  it.each([
    {
      what: 'refuses the token',
      response: { podUid: '', fault: 'invalidated' },
      fault: /according to a review, invalidated$/,
    },
    { what: 'names another Pod', response: { podUid: 'other', fault: '' }, fault: /another Pod/ },
    { what: 'says too much', response: { podUid: '', fault: 'f'.repeat(1_000) }, fault: /^.{0,330}$/ },
  ])('A token is invalid for ten seconds if the review $what', async ({ response, fault }) => {
    const { judge, clock, reviewed } = createTestJudge({ review: () => Promise.resolve(response) });
    const token = createToken(KEY);
    judge(token);
    await clock.advance(0);
    expect(judge(token)).toEqual(invalid(fault));
    await clock.advance(9_000);
    expect(judge(token)).toEqual(invalid(fault));
    await clock.advance(1_000);
    expect(judge(token).kind).toBe('unknown');
    expect(reviewed).toHaveLength(2);
  });

  it('A token stays unknown while no server answers, and is reviewed again every two seconds', async () => {
    const { judge, clock, log, reviewed, server } = createTestJudge({
      review: () => Promise.reject(new Error('unavailable')),
    });
    const token = createToken(KEY);
    for (let second = 0; second < 5; second += 1) {
      expect(judge(token)).toEqual(unknown(/keys/));
      await clock.advance(1_000);
    }
    expect(reviewed).toHaveLength(3);
    expect(log.lines.map(([, message]) => message)).toEqual(['token review failed']);
    expect(JSON.stringify(log.lines)).not.toContain(token.slice(-20));
    await clock.advance(60_000);
    server.review = () => Promise.resolve({ podUid: POD.podUid, fault: '' });
    judge(token);
    await clock.advance(0);
    expect(judge(token)).toEqual(VALID);
    expect(log.lines.at(-1)).toEqual(['info', 'token reviews recovered', expect.anything()]);
  });

  it('A client whose reviews fail now and then causes one log line a minute', async () => {
    const { judge, clock, log, server } = createTestJudge();
    const answers = [
      () => Promise.reject(new Error('unknown Pod')),
      () => Promise.resolve({ podUid: '', fault: 'no' }),
    ];
    for (let at = 0; at < 30; at += 1) {
      server.review = answers[at % 2];
      judge(tokenOfPod(`uid-${at}`));
      await clock.advance(2_000);
    }
    expect(log.lines.map(([, message]) => message)).toEqual(['token review failed']);
  });

  it('No review is asked for while no server is connected', async () => {
    const { judge, clock, reviewed, limited } = createTestJudge({ keys: [KEY] });
    for (let at = 0; at < 20; at += 1)
      expect(judge(tokenOfPod(`uid-${at}`, createKey('ES256', 'other')))).toEqual(unknown(/review/));
    await clock.advance(60_000);
    expect([reviewed, limited]).toEqual([[], []]);
  });

  it('A client causes four reviews at once and one in two seconds, and others have their own', async () => {
    const { judge, clock, reviewed, limited } = createTestJudge({
      review: () => Promise.resolve({ podUid: '', fault: 'no' }),
    });
    for (let at = 0; at < 100; at += 1) judge(tokenOfPod(`uid-${at}`), 'flooder');
    expect(reviewed).toHaveLength(4);
    expect(new Set(limited)).toEqual(new Set(['token_reviews flooder']));
    judge(createToken(KEY), 'victim');
    expect(reviewed).toHaveLength(5);
    await clock.advance(60_000);
    // Of those that waited only the newest four were still wanted.
    expect(reviewed).toHaveLength(9);
  });

  it('A node causes at most ten reviews a second after a burst of twenty', async () => {
    const { judge, clock, reviewed } = createTestJudge({
      review: () => Promise.resolve({ podUid: '', fault: 'no' }),
    });
    for (let client = 0; client < 30; client += 1)
      for (let at = 0; at < 2; at += 1) judge(tokenOfPod(`uid-${client}-${at}`), `client-${client}`);
    expect(reviewed).toHaveLength(20);
    await clock.advance(1_000);
    expect(reviewed).toHaveLength(30);
  });
});

describe('Keys of the API server', () => {
  it('A token is unknown until keys have arrived', () => {
    const { judge, send } = createTestJudge();
    expect(judge(createToken(KEY))).toEqual(unknown(/^the API server's keys$/));
    send([KEY]);
    expect(judge(createToken(KEY))).toEqual(VALID);
  });

  it('Keys do not count after 24 hours without a server, and count again when one sends them', async () => {
    const { judge, clock, server, send, changes } = createTestJudge({ keys: [KEY] });
    const token = createToken(KEY, { claims: { exp: NOW_SECONDS + 7 * 86_400 } });
    expect(judge(token)).toEqual(VALID);
    server.connected = false;
    await clock.advance(24 * 3_600_000);
    expect(judge(token)).toEqual(VALID);
    await clock.advance(1_000);
    expect(judge(token)).toEqual(unknown(/no server has been connected for 24 h/));
    server.connected = true;
    const before = changes.count;
    send([KEY]);
    await clock.advance(0);
    expect(changes.count).toBe(before + 1);
    expect(judge(token)).toEqual(VALID);
  });
});

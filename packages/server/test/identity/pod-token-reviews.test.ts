import { describe, expect, it } from 'vitest';
import { Refusal } from '@rolegate/protocol';
import { createFakeClock, createIssuerKey, issueServiceAccountToken } from '@rolegate/testing';
import { createPodTokenReviews } from '../../src/identity/pod-token-reviews.ts';
import type { TokenReview } from '../../src/identity/token-review.ts';
import type { Pod } from '../../src/kubernetes/objects/objects.ts';
import { pod as podObject } from '../kubernetes/setup.ts';

const KEY = createIssuerKey();
const ISSUER = 'https://kubernetes.example';
const NODE_A = { node: 'node-a', address: '198.18.0.1' };
const NODE_B = { node: 'node-b', address: '198.18.0.2' };
const NOT_HERE = 'it is not bound to a Pod of this node that has not ended';

const GOOD: TokenReview = {
  authenticated: true,
  error: '',
  audiences: ['rolegate'],
  username: 'system:serviceaccount:shop:web',
  podName: 'app',
  podUid: 'uid-app',
  nodeName: 'node-a',
};

const app = (more: Partial<Pod> = {}) =>
  podObject({
    uid: 'uid-app',
    name: 'app',
    namespace: 'shop',
    serviceAccount: 'web',
    nodeName: 'node-a',
    ...more,
  });

let serial = 0;

/** A token of Pod shop/app, as the claims change it. */
function tokenOf(claims: object = {}, pod: object = { name: 'app', uid: 'uid-app' }): string {
  serial += 1;
  return issueServiceAccountToken(
    {
      aud: ['rolegate'],
      iss: ISSUER,
      jti: String(serial),
      sub: 'system:serviceaccount:shop:web',
      'kubernetes.io': { namespace: 'shop', pod, node: { name: 'node-a' } },
      ...claims,
    },
    KEY,
  );
}

function setup({ pods = [app()] }: { pods?: readonly Pod[] } = {}) {
  const clock = createFakeClock();
  const said = {
    pods: [...pods],
    review: GOOD as TokenReview | Error,
    held: undefined as Promise<void> | undefined,
    clash: undefined as string | undefined,
    known: true,
  };
  const seen = { reviews: [] as string[], refreshed: 0, hits: [] as string[], outcomes: [] as string[] };
  const review = createPodTokenReviews({
    async review(token) {
      seen.reviews.push(token);
      await said.held;
      if (said.review instanceof Error) throw said.review;
      return said.review;
    },
    audience: 'rolegate',
    podOf: (uid) => said.pods.find((pod) => pod.uid === uid),
    keys: {
      audienceFault: () => said.clash,
      knows: (keyId, issuer) => said.known && keyId === KEY.id && issuer === ISSUER,
      refresh() {
        seen.refreshed += 1;
        return Promise.resolve();
      },
    },
    clock,
    hit: (limit, { node }) => seen.hits.push(`${limit} ${node ?? ''}`),
    metrics: { podTokenReview: (outcome) => seen.outcomes.push(outcome) },
  });
  const ask = (token: string, agent = NODE_A) =>
    review(token, agent).catch((error: unknown) => (error instanceof Refusal ? error.reason : String(error)));
  return { clock, said, seen, ask };
}

describe("The review of a Pod's token", () => {
  it('A valid token of a Pod of the node is answered with its UID', async () => {
    const { ask, seen } = setup();
    expect(await ask(tokenOf())).toEqual({ podUid: 'uid-app' });
    expect(seen.outcomes).toEqual(['valid']);
    expect(seen.refreshed).toBe(0);
  });

  it('A token of a host-network or terminating Pod is as valid as others', async () => {
    const { ask } = setup({ pods: [app({ hostNetwork: true, terminating: true })] });
    expect(await ask(tokenOf())).toEqual({ podUid: 'uid-app' });
  });

  it('For an unknown key or issuer, the keys are read first', async () => {
    const { ask, said, seen } = setup();
    said.known = false;
    expect(await ask(tokenOf())).toEqual({ podUid: 'uid-app' });
    said.known = true;
    expect(await ask(tokenOf({ iss: 'https://second.example' }))).toEqual({ podUid: 'uid-app' });
    expect(seen.refreshed).toBe(2);
  });

  it.each([
    { of: 'a Pod of another node', pods: [app({ nodeName: 'node-b' })] },
    { of: 'a Pod that has ended', pods: [app({ ended: true })] },
    { of: 'no Pod', token: tokenOf({}, {}) },
  ])('A token of $of is refused without a review, and nothing of other nodes is named', async (row) => {
    const { ask, seen } = setup(row);
    expect(await ask(row.token ?? tokenOf())).toEqual({ fault: NOT_HERE });
    expect(seen.reviews).toEqual([]);
  });

  const ofAnother = 'its ServiceAccount, Namespace or Pod name is not that of its Pod';
  it.each([
    { what: 'another audience', claims: { aud: ['vault'] }, fault: 'its audience is not rolegate alone' },
    {
      what: 'two audiences',
      claims: { aud: ['rolegate', 'vault'] },
      fault: 'its audience is not rolegate alone',
    },
    { what: 'another ServiceAccount', claims: { sub: 'system:serviceaccount:shop:x' }, fault: ofAnother },
    { what: 'another Namespace', claims: { sub: 'system:serviceaccount:x:web' }, fault: ofAnother },
    { what: 'another name', pod: { name: 'x', uid: 'uid-app' }, fault: ofAnother },
  ])('A token that claims $what is refused without a review', async ({ claims, pod, fault }) => {
    const { ask, seen } = setup();
    expect(await ask(tokenOf(claims, pod))).toEqual({ fault });
    expect(seen.reviews).toEqual([]);
  });

  it.each(['', 'x', 'a.b', 'a.b.c', 'é.é.é', 'x'.repeat(64 * 1024), tokenOf({ pad: 'x'.repeat(4_096) })])(
    'Text that is not a ServiceAccount token of at most 4 KiB is refused without a review',
    async (token) => {
      const { ask, seen } = setup();
      expect(await ask(token)).toEqual({ fault: 'it is not a ServiceAccount token' });
      expect(seen.reviews).toEqual([]);
    },
  );

  it.each([
    {
      what: 'is not authenticated',
      review: { ...GOOD, authenticated: false, audiences: [], error: '[invalid bearer token, expired]' },
      fault: 'the API server does not accept it: "[invalid bearer token, expired]"',
    },
    {
      what: 'has no audience',
      review: { ...GOOD, audiences: [] },
      fault: 'its audience is not rolegate alone',
    },
    { what: 'names no Pod', review: { ...GOOD, podUid: '' }, fault: NOT_HERE },
    { what: 'names another Pod', review: { ...GOOD, podUid: 'uid-x' }, fault: NOT_HERE },
    { what: 'names another node', review: { ...GOOD, nodeName: 'node-b' }, fault: NOT_HERE },
    { what: 'names another user', review: { ...GOOD, username: 'admin' }, fault: ofAnother },
    { what: 'names another Pod name', review: { ...GOOD, podName: 'x' }, fault: ofAnother },
  ])('A token is refused if its review $what', async ({ review, fault }) => {
    const { ask, said, seen } = setup();
    said.review = review;
    expect(await ask(tokenOf())).toEqual({ fault });
    expect(seen.outcomes).toEqual(['invalid']);
  });

  it('A cluster before 1.30, whose reviews do not name the node, is answered for', async () => {
    const { ask, said } = setup();
    said.review = { ...GOOD, nodeName: '' };
    expect(await ask(tokenOf())).toEqual({ podUid: 'uid-app' });
  });

  it('A Pod that ends during the review is not answered for', async () => {
    const { ask, said } = setup();
    const held = Promise.withResolvers<undefined>();
    said.held = held.promise;
    const answer = ask(tokenOf());
    said.pods = [app({ ended: true })];
    held.resolve(undefined);
    expect(await answer).toEqual({ fault: NOT_HERE });
  });

  it('A failure of the API server is no verdict, and is not remembered', async () => {
    const { ask, said, seen } = setup();
    const token = tokenOf();
    said.review = new Refusal('ServerUnavailable', 'no answer');
    expect(await ask(token)).toBe('ServerUnavailable');
    said.review = GOOD;
    expect(await ask(token)).toEqual({ podUid: 'uid-app' });
    expect(seen.outcomes).toEqual(['failed', 'valid']);
  });

  it('A Pod that this server has not seen yet is no verdict either', async () => {
    const { ask, seen } = setup({ pods: [] });
    expect(await ask(tokenOf())).toBe('ServerUnavailable');
    expect(seen.reviews).toEqual([]);
  });

  it('No token is accepted while the audience is one of the API server', async () => {
    const { ask, said, seen } = setup();
    said.clash = 'the audience is an issuer';
    expect(await ask(tokenOf())).toEqual({ fault: 'the audience is an issuer' });
    expect(seen.reviews).toEqual([]);
  });
});

describe("The limits of reviews of Pods' tokens", () => {
  it('A refused token is remembered for ten seconds, for its node', async () => {
    const { ask, clock, said, seen } = setup();
    const token = tokenOf();
    said.review = { ...GOOD, authenticated: false };
    await ask(token);
    await clock.advance(9_000);
    expect(await ask(token)).toMatchObject({ fault: expect.any(String) as string });
    expect(seen.reviews).toHaveLength(1);
    await clock.advance(2_000);
    said.review = GOOD;
    expect(await ask(token)).toEqual({ podUid: 'uid-app' });
  });

  it('Requests with the same token at the same time share a review', async () => {
    const { ask, seen } = setup();
    const token = tokenOf();
    await Promise.all([ask(token), ask(token), ask(token)]);
    expect(seen.reviews).toEqual([token]);
  });

  it('A Pod has a burst of five and one a second, and takes nothing from another Pod or node beyond that', async () => {
    const other = app({ uid: 'uid-other', name: 'other' });
    const { ask, clock, said, seen } = setup({ pods: [app(), other] });
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask(tokenOf())));
    expect(answers.filter((answer) => answer === 'TooManyRequests')).toHaveLength(195);
    expect(seen.hits).toContain('review_rate node-a');
    said.review = { ...GOOD, podUid: 'uid-other', podName: 'other' };
    expect(await ask(tokenOf({}, { name: 'other', uid: 'uid-other' }))).toEqual({ podUid: 'uid-other' });
    said.review = GOOD;
    await clock.advance(1_000);
    expect(await ask(tokenOf())).toEqual({ podUid: 'uid-app' });
    expect(await ask(tokenOf())).toBe('TooManyRequests');
    expect(await ask(tokenOf(), NODE_B)).toEqual({ fault: NOT_HERE });
  });

  it('Tokens that claim made-up Pods share one budget', async () => {
    const { ask, seen } = setup();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, at) => ask(tokenOf({}, { name: 'app', uid: `made-up-${at}` }))),
    );
    expect(answers.filter((answer) => answer === 'TooManyRequests')).toHaveLength(45);
    expect(await ask(tokenOf())).toEqual({ podUid: 'uid-app' });
    expect(seen.reviews).toHaveLength(1);
  });

  it('A node has a burst of sixty, whatever Pods it names, and takes nothing from another node', async () => {
    const pods = Array.from({ length: 100 }, (_, at) => app({ uid: `uid-${at}`, name: `app-${at}` }));
    const there = app({ uid: 'uid-there', name: 'there', nodeName: 'node-b' });
    const { ask, said } = setup({ pods: [...pods, there] });
    const answers = await Promise.all(pods.map(({ uid, name }) => ask(tokenOf({}, { name, uid }))));
    expect(answers.filter((answer) => answer === 'TooManyRequests').length).toBeGreaterThanOrEqual(40);
    said.review = { ...GOOD, podUid: 'uid-there', podName: 'there', nodeName: 'node-b' };
    expect(await ask(tokenOf({}, { name: 'there', uid: 'uid-there' }), NODE_B)).toEqual({
      podUid: 'uid-there',
    });
  });
});

import { describe, expect, it } from 'vitest';
import { Refusal } from '@rolegate/protocol';
import { createAgentPods } from '../../src/identity/agent-pods.ts';
import { createTokenProof } from '../../src/identity/token-proof.ts';
import { claimedPodUid } from '../../src/identity/agent-token.ts';
import { cutReview } from '../../src/identity/token-review.ts';
import type { TokenReview } from '../../src/identity/token-review.ts';
import { createClusterStandIn } from '../feed/cluster-stand-in.ts';

const GOOD: TokenReview = {
  authenticated: true,
  error: '',
  audiences: ['rolegate-server'],
  username: 'system:serviceaccount:shop:agents',
  podName: 'agent',
  podUid: 'uid-agent',
  nodeName: 'node-a',
};

/** A token in the form of the API server's, without a valid signature. */
function jwt(claims: unknown): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;
}

function setup({ daemonSets = [] as string[] } = {}) {
  const cluster = createClusterStandIn();
  const said = { review: GOOD as TokenReview | Refusal, asked: 0 };
  const { prove, claimedPod } = createTokenProof({
    review: () => {
      said.asked += 1;
      return said.review instanceof Refusal ? Promise.reject(said.review) : Promise.resolve(said.review);
    },
    allowed: { serviceAccounts: ['shop/agents'], daemonSets },
    podOf: (uid) => cluster.pods.get(uid),
    agentPods: createAgentPods({ ...cluster, nodes: { onChange: () => () => undefined } }),
    clock: cluster.clock,
    hit: () => undefined,
  });
  const attest = (token: string, address = '198.18.0.9', node?: string) => prove(token, { address, node });
  const agent = { serviceAccount: 'agents', daemonSet: 'agents' };
  cluster.setPod('agent', agent);
  return { ...cluster, attest, claimedPod, said, agent };
}

describe('Good TokenReviews', () => {
  it('A good review is cached for a minute, only for its ServiceAccount token', async () => {
    const { attest, said, clock } = setup();
    expect(await attest('one')).toEqual({ node: 'node-a', podUid: 'uid-agent' });
    await clock.advance(59_999);
    await attest('one');
    expect(said.asked).toBe(1);
    await attest('two');
    expect(said.asked).toBe(2);
    await clock.advance(1);
    await attest('one');
    expect(said.asked).toBe(3);
  });

  it('A good review no longer counts once the Pod is on another node or gone', async () => {
    const { attest, removePod, setPod, agent } = setup();
    await attest('one');
    setPod('agent', { ...agent, nodeName: 'node-b' });
    await expect(attest('one')).rejects.toThrow(
      /the token names node "node-a", but Pod shop\/agent is on node-b/,
    );
    removePod('agent');
    await expect(attest('one')).rejects.toThrow(/does not exist any more/);
  });

  it('A good review is not forgotten because another node presents many ServiceAccount tokens', async () => {
    const { attest, said, setPod } = setup();
    await attest('one');
    setPod('stolen', { serviceAccount: 'agents', daemonSet: 'agents', nodeName: 'node-b' });
    said.review = { ...GOOD, podName: 'stolen', podUid: 'uid-stolen', nodeName: 'node-b' };
    for (let made = 0; made < 10_001; made += 1) await attest(`made ${made}`, `node ${made}`);
    said.asked = 0;
    await attest('one');
    expect(said.asked).toBe(0);
    await attest('made 0');
    expect(said.asked).toBe(1);
  });

  it('A review that the API server did not answer is not cached', async () => {
    const { attest, said } = setup();
    said.review = new Refusal('ServerUnavailable', 'away');
    await expect(attest('one')).rejects.toMatchObject({ reason: 'ServerUnavailable' });
    said.review = GOOD;
    await attest('one');
    expect(said.asked).toBe(2);
  });
});

describe('Bad TokenReviews', () => {
  it('A bad review is cached for five seconds, only for its ServiceAccount token', async () => {
    const { attest, said, clock } = setup();
    said.review = { ...GOOD, authenticated: false, audiences: [] };
    await expect(attest('one')).rejects.toMatchObject({ reason: 'ForeignNode' });
    said.review = GOOD;
    await attest('two');
    await clock.advance(4_999);
    await expect(attest('one')).rejects.toMatchObject({ reason: 'ForeignNode' });
    expect(said.asked).toBe(2);
    await clock.advance(1);
    await attest('one');
    expect(said.asked).toBe(3);
  });

  it('A review that is bad only because its Pod is unknown becomes good as soon as the Pod is known', async () => {
    const { attest, said, removePod, setPod, agent } = setup();
    removePod('agent');
    await expect(attest('one')).rejects.toMatchObject({ reason: 'ForeignNode' });
    setPod('agent', agent);
    expect(await attest('one')).toMatchObject({ node: 'node-a' });
    expect(said.asked).toBe(1);
  });
});

it('A ServiceAccount token that is presented again during its review is reviewed once', async () => {
  const { attest, said } = setup();
  await Promise.all([attest('one'), attest('one', 'another'), attest('one')]);
  expect(said.asked).toBe(1);
});

describe('Tokens of no live agent', () => {
  it('ServiceAccount tokens that name no live agent are limited by source, and delay neither another source nor an agent', async () => {
    const { attest, said, claimedPod } = setup();
    said.review = { ...GOOD, authenticated: false };
    const flood = async (name: string) => {
      const words = await Promise.all(
        Array.from({ length: 20 }, (_, at) => attest(`${name} ${at}`).then(String, String)),
      );
      return words.filter((text) => text.includes('more than 5 tokens a second')).length;
    };
    expect([await flood('one'), await flood('two')]).toEqual([10, 20]);
    await expect(attest('other', 'another')).rejects.toMatchObject({ reason: 'ForeignNode' });
    said.review = GOOD;
    const token = jwt({ 'kubernetes.io': { pod: { uid: 'uid-agent' } } });
    expect(claimedPod(token)).toBe('uid-agent');
    expect(await attest(token)).toMatchObject({ node: 'node-a' });
  });

  it("ServiceAccount tokens of another node's agent are limited too if a certificate has proven this node", async () => {
    const { attest, said } = setup();
    const forged = (at: number) => `${jwt({ 'kubernetes.io': { pod: { uid: 'uid-agent' } } })}${at}`;
    said.review = { ...GOOD, authenticated: false };
    const words = await Promise.all(
      Array.from({ length: 20 }, (_, at) => attest(forged(at), '198.18.0.9', 'node-b').then(String, String)),
    );
    expect(words.filter((text) => text.includes('more than 5 tokens a second')).length).toBe(10);
    said.review = GOOD;
    expect(await attest(forged(20), '198.18.0.9', 'node-a')).toMatchObject({ node: 'node-a' });
  });

  it.each([
    { what: 'an ended agent', pod: { ended: true } },
    { what: 'a Pod of another ServiceAccount', pod: { serviceAccount: 'other' } },
    { what: 'a Pod of no DaemonSet', pod: { daemonSet: '' } },
  ])('The ServiceAccount token of $what names no live agent', ({ pod }) => {
    const { claimedPod, setPod, agent } = setup();
    setPod('agent', { ...agent, ...pod });
    expect(claimedPod(jwt({ 'kubernetes.io': { pod: { uid: 'uid-agent' } } }))).toBeUndefined();
  });
});

it.each([
  '',
  'a',
  'a.b',
  'a.b.c',
  '..',
  jwt([]),
  jwt({}),
  jwt({ 'kubernetes.io': 7 }),
  jwt({ 'kubernetes.io': { pod: { uid: 7 } } }),
  jwt({ 'kubernetes.io': { pod: { uid: 'uid-agent' } } }).replace(/[^.]*$/, 'x'.repeat(17_000)),
])('The ServiceAccount token "%s" names no Pod', (token) => {
  expect(claimedPodUid(token)).toBe('');
});

describe('ServiceAccount tokens', () => {
  it('A ServiceAccount token must be of a Pod of one of the given DaemonSets', async () => {
    await expect(setup({ daemonSets: ['others'] }).attest('one')).rejects.toThrow(
      /not controlled by DaemonSet others: only such Pods are agents/,
    );
    await setup({ daemonSets: ['others', 'agents'] }).attest('one');
  });

  it.each([
    { what: 'no audience', more: { audiences: [] }, says: /not for audience/ },
    { what: 'a longer audience', more: { audiences: ['rolegate-server-2'] }, says: /not for audience/ },
    { what: 'a user that is no ServiceAccount', more: { username: 'shop/agents' }, says: /ServiceAccount/ },
    { what: 'a node as its user', more: { username: 'system:node:node-a' }, says: /ServiceAccount/ },
    { what: 'no Pod UID', more: { podUid: '' }, says: /not bound to a Pod/ },
    { what: 'no Pod name', more: { podName: '' }, says: /not bound to a Pod/ },
    { what: 'another Pod name', more: { podName: 'agent-2' }, says: /names Pod "agent-2"/ },
    { what: 'another node', more: { nodeName: 'node-b' }, says: /names node "node-b"/ },
  ])('A ServiceAccount token with $what proves nothing', async ({ more, says }) => {
    const { attest, said } = setup();
    said.review = { ...GOOD, ...more };
    await expect(attest('one')).rejects.toThrow(says);
  });
});

describe('TokenReview', () => {
  it('A TokenReview is reduced to the fields in use', () => {
    const extra = {
      'authentication.kubernetes.io/pod-name': ['agent'],
      'authentication.kubernetes.io/pod-uid': ['uid-agent'],
      'authentication.kubernetes.io/node-name': ['node-a'],
    };
    const { username, audiences } = GOOD;
    expect(cutReview({ status: { authenticated: true, audiences, user: { username, extra } } })).toEqual(
      GOOD,
    );
  });

  it.each([undefined, null, 7, {}, { status: [] }, { status: { user: null, audiences: 'rolegate-server' } }])(
    'The TokenReview %j authenticates nobody',
    (raw) => {
      expect(cutReview(raw)).toMatchObject({ authenticated: false, audiences: [], podUid: '' });
    },
  );

  it('A TokenReview with two Pod UIDs names no Pod', () => {
    const extra = { 'authentication.kubernetes.io/pod-uid': ['a', 'b'] };
    expect(cutReview({ status: { authenticated: 'true', user: { extra } } })).toMatchObject({
      authenticated: false,
      podUid: '',
    });
  });
});

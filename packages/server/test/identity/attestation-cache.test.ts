import { describe, expect, it } from '@jest/globals';
import { Refusal } from '@rolegate/protocol';
import { createAgentPods } from '../../src/identity/agent-pods.ts';
import { createAttestation } from '../../src/identity/attestation.ts';
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

function setup({ daemonSets = [] as string[] } = {}) {
  const cluster = createClusterStandIn();
  const said = { review: GOOD as TokenReview | Refusal, asked: 0 };
  const { prove, names } = createAttestation({
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
  const attest = (token: string) => prove(token, '198.18.0.9');
  const agent = { serviceAccount: 'agents', daemonSet: 'agents' };
  cluster.setPod('agent', agent);
  return { ...cluster, attest, names, said, agent };
}

describe('a review that was good', () => {
  it('counts for a minute, for its token alone', async () => {
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

  it('counts no more than the Pod does', async () => {
    const { attest, removePod, setPod, agent } = setup();
    await attest('one');
    setPod('agent', { ...agent, nodeName: 'node-b' });
    await expect(attest('one')).rejects.toThrow(
      /the token names node "node-a", but Pod shop\/agent is on node-b/,
    );
    removePod('agent');
    await expect(attest('one')).rejects.toThrow(/is not there any more/);
  });

  it('is not forgotten because another node shows many tokens', async () => {
    const { attest, said, setPod } = setup();
    await attest('one');
    setPod('stolen', { serviceAccount: 'agents', daemonSet: 'agents', nodeName: 'node-b' });
    said.review = { ...GOOD, podName: 'stolen', podUid: 'uid-stolen', nodeName: 'node-b' };
    for (let made = 0; made < 10_001; made += 1) await attest(`made ${made}`);
    said.asked = 0;
    await attest('one');
    expect(said.asked).toBe(0);
    await attest('made 0');
    expect(said.asked).toBe(1);
  });

  it('counts, and a bad one does not', async () => {
    const { attest, said } = setup();
    said.review = { ...GOOD, authenticated: false, audiences: [] };
    await expect(attest('one')).rejects.toMatchObject({ reason: 'ForeignNode' });
    said.review = new Refusal('ServerUnavailable', 'away');
    await expect(attest('one')).rejects.toMatchObject({ reason: 'ServerUnavailable' });
    said.review = GOOD;
    await attest('one');
    expect(said.asked).toBe(3);
  });
});

describe('a token', () => {
  it('must be of the DaemonSets that are named', async () => {
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
  ])('with $what proves nothing', async ({ more, says }) => {
    const { attest, said } = setup();
    said.review = { ...GOOD, ...more };
    await expect(attest('one')).rejects.toThrow(says);
  });
});

describe('a TokenReview', () => {
  it('is cut to what is used', () => {
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
    '%j is none that authenticates',
    (raw) => {
      expect(cutReview(raw)).toMatchObject({ authenticated: false, audiences: [], podUid: '' });
    },
  );

  it('with two Pods names none', () => {
    const extra = { 'authentication.kubernetes.io/pod-uid': ['a', 'b'] };
    expect(cutReview({ status: { authenticated: 'true', user: { extra } } })).toMatchObject({
      authenticated: false,
      podUid: '',
    });
  });
});

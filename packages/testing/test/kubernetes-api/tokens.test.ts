import { afterEach, describe, expect, it } from 'vitest';
import { startKubernetesApi } from '../../src/kubernetes-api/kubernetes-api.ts';
import type { KubernetesApi } from '../../src/kubernetes-api/kubernetes-api.ts';

const closing: KubernetesApi[] = [];
afterEach(async () => {
  for (const api of closing.splice(0)) await api.close();
});

async function setup() {
  const api = await startKubernetesApi({
    pods: [
      {
        metadata: { name: 'agent', namespace: 'iam', uid: 'uid-1' },
        spec: { nodeName: 'node-a', serviceAccountName: 'agents' },
      },
    ],
  });
  closing.push(api);
  const post = async (body: string) => {
    const response = await fetch(`${api.url}/apis/authentication.k8s.io/v1/tokenreviews`, {
      method: 'POST',
      body,
    });
    return { code: response.status, body: (await response.json()) as { status: unknown; message?: string } };
  };
  const review = async (token: string, audiences = ['rolegate-server']) =>
    (await post(JSON.stringify({ spec: { token, audiences } }))).body.status;
  return { api, post, review };
}

describe('Token reviews', () => {
  it('A token bound to a Pod is reviewed as kube-apiserver 1.34 reviews it', async () => {
    const { api, review } = await setup();
    expect(await review(api.issueToken({ pod: 'iam/agent' }))).toEqual({
      authenticated: true,
      audiences: ['rolegate-server'],
      user: {
        username: 'system:serviceaccount:iam:agents',
        uid: 'uid',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:iam', 'system:authenticated'],
        extra: {
          'authentication.kubernetes.io/credential-id': [expect.stringMatching(/^JTI=/)],
          'authentication.kubernetes.io/node-name': ['node-a'],
          'authentication.kubernetes.io/node-uid': ['uid-of-node-a'],
          'authentication.kubernetes.io/pod-name': ['agent'],
          'authentication.kubernetes.io/pod-uid': ['uid-1'],
        },
      },
    });
    expect(api.tokenReviews).toBe(1);
  });

  it('A token that kube-apiserver refuses is refused, with the same error', async () => {
    const { api, review, post } = await setup();
    const pod = 'iam/agent';
    const refused = (error: string) => ({ user: {}, error: `[invalid bearer token, ${error}]` });
    expect(await review('x')).toEqual({ user: {}, error: 'invalid bearer token' });
    expect(await review(api.issueToken({ pod, endsMs: Date.now() }))).toEqual(
      refused('service account token has expired'),
    );
    expect(await review(api.issueToken({ pod, audiences: ['a', 'b'] }))).toEqual(
      refused('token audiences ["a" "b"] is invalid for the target audiences ["rolegate-server"]'),
    );
    const [bound, cached] = [api.issueToken({ pod }), api.issueToken({ pod, outlivesPod: true })];
    api.delete('Pod', 'iam', 'agent');
    expect(await review(bound)).toEqual(refused('service account token has been invalidated'));
    expect(await review(cached)).toMatchObject({ authenticated: true });
    expect(await post('{}')).toMatchObject({ code: 400 });
    expect(await post('{"spec":{}}')).toMatchObject({
      code: 400,
      body: { message: 'token is required for TokenReview in authentication' },
    });
  });

  it('A token can be bound to a Pod without a node, or to a node without a Pod', async () => {
    const { api, review } = await setup();
    const extra = (rest: object) => ({ user: { extra: rest } });
    expect(await review(api.issueToken({ pod: 'iam/agent', node: false }))).not.toHaveProperty([
      'user',
      'extra',
      'authentication.kubernetes.io/node-name',
    ]);
    const ofNode = await review(api.issueToken({ serviceAccount: 'iam/agents', node: 'node-b' }));
    expect(ofNode).toMatchObject(extra({ 'authentication.kubernetes.io/node-name': ['node-b'] }));
    expect(ofNode).not.toHaveProperty(['user', 'extra', 'authentication.kubernetes.io/pod-uid']);
    expect(() => api.issueToken({ pod: 'iam/nobody' })).toThrow('no Pod iam/nobody');
  });
});

it('The fake API server serves Nodes, which are in no Namespace', async () => {
  const { api } = await setup();
  api.apply({ kind: 'Node', metadata: { name: 'node-a' } });
  const list = (await (await fetch(`${api.url}/api/v1/nodes`)).json()) as { items: { metadata: object }[] };
  expect(list.items.map(({ metadata }) => metadata)).toEqual([expect.objectContaining({ name: 'node-a' })]);
  expect(list.items[0]?.metadata).not.toHaveProperty('namespace');
  api.delete('Node', '', 'node-a');
  expect(api.list('Node')).toEqual([]);
});

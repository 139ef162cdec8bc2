import { afterEach, expect, it } from 'vitest';
import type { FeedUpdateRead, ReviewTokenResponseRead, RolegateClient } from '@rolegate/protocol';
import { createIssuerKey, eventually } from '@rolegate/testing';
import { attested, openFeed, PATIENCE, startAttestedServer, tokenOf } from './attested-server.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const hostNetworkPod = {
  kind: 'Pod',
  metadata: { name: 'csi', namespace: 'shop', annotations: { 'iam.amazonaws.com/role': 'a' } },
  spec: { nodeName: 'node-a', hostNetwork: true, serviceAccountName: 'csi' },
  status: { phase: 'Running' },
};

/** A whole server, and the agent of node-a. */
async function setup() {
  const server = await startAttestedServer([
    '--namespace',
    'rolegate',
    '--container-credentials-audience',
    'pods',
  ]);
  closing.push(() => server[Symbol.asyncDispose]());
  server.api.apply(hostNetworkPod);
  server.start();
  await server.ready();
  const agent = server.client(await attested(server, tokenOf(server.api, 'node-a')));
  const podToken = (pod: string, more = {}) => server.api.issueToken({ pod, audiences: ['pods'], ...more });
  return { server, api: server.api, agent, podToken };
}

function review(client: RolegateClient, token: string): Promise<Partial<ReviewTokenResponseRead> | string> {
  return new Promise((resolve) => {
    client.reviewToken({ token }, { deadline: Date.now() + 10_000 }, (error, response) => {
      resolve(error === null ? (response ?? {}) : error.message);
    });
  });
}

const keysIn = (updates: readonly FeedUpdateRead[]) =>
  updates.flatMap(({ issuerKeys }) => (issuerKeys ? [issuerKeys] : []));

it('An agent that serves container credentials gets the keys of the cluster, which are read once it is connected', async () => {
  const { server, api, agent } = await setup();
  api.issuer.addKey('RS256');
  expect(api.issuer.reads).toBe(0);
  const feed = openFeed(agent, { nodeName: 'node-a', servesContainerCredentials: true });
  await feed.synced();
  const got = await eventually(() => keysIn(feed.updates)[0] ?? failed('no keys'), PATIENCE);
  const published = api.issuer.keys.map(({ id, publicKey }) => ({ id, publicKey }));
  expect(got.issuers).toEqual([api.issuer.url]);
  expect(got.keys).toEqual(published.sort((a, b) => (a.id < b.id ? -1 : 1)));
  expect(await server.ops('/metrics').then(({ body }) => body)).toMatch(
    /^rolegate_issuer_keys_reads_total\{outcome="ok"\} 1$/m,
  );
});

it('Host-network Pods get their role while the agent serves, and HostNetwork from an agent that does not', async () => {
  const { agent } = await setup();
  const former = openFeed(agent, { nodeName: 'node-a' });
  await former.synced();
  const stateIn = (updates: readonly FeedUpdateRead[]) =>
    updates.flatMap(({ pod }) => (pod?.name === 'csi' ? [pod.decision ?? pod] : [])).at(-1);
  expect(stateIn(former.updates)).toBe('deny');
  expect(keysIn(former.updates)).toEqual([]);
  const feed = openFeed(agent, { nodeName: 'node-a', servesContainerCredentials: true });
  // A busy server sends the former decision with the snapshot, and the new one in the Namespace's turn.
  await feed.synced();
  await eventually(() => {
    expect(stateIn(feed.updates)).toBe('allow');
  }, PATIENCE);
  await eventually(
    () => (feed.updates.some(({ session }) => session?.credentials) ? true : failed('no credentials')),
    PATIENCE,
  );
});

it("A token whose key is not published is reviewed, for the Pods of the agent's own node alone", async () => {
  const { server, api, agent, podToken } = await setup();
  const key = createIssuerKey();
  const uid = (name: string) => api.get('Pod', 'shop', name)?.metadata.uid;
  expect(await review(agent, podToken('shop/a', { key }))).toMatchObject({ podUid: uid('a'), fault: '' });
  expect(api.issuer.reads).toBeGreaterThan(0);
  expect(await review(agent, podToken('shop/csi', { key }))).toMatchObject({ podUid: uid('csi') });
  const reviews = api.tokenReviews;
  const elsewhere = await review(agent, podToken('shop/b', { key }));
  expect(elsewhere).toMatchObject({ podUid: '', fault: expect.stringContaining('this node') as string });
  expect(JSON.stringify(elsewhere)).not.toContain('node-b');
  expect(await review(agent, podToken('shop/a', { key, audiences: ['rolegate-server'] }))).toMatchObject({
    fault: 'its audience is not pods alone',
  });
  expect(api.tokenReviews).toBe(reviews);
  expect(await review(agent, podToken('shop/a', { key, endsMs: Date.now() - 1 }))).toMatchObject({
    podUid: '',
    fault: expect.stringContaining('expired') as string,
  });
  const forged = podToken('shop/a').replace(/[^.]+$/, 'AAAA');
  expect(await review(agent, forged)).toMatchObject({ podUid: '' });
  api.refuse(503);
  expect(await review(agent, podToken('shop/csi', { key }))).toMatch(/^14 UNAVAILABLE/);
  expect(server.lines.map((line) => JSON.stringify(line)).join('\n')).not.toContain(forged.split('.')[1]);
});

function failed(message: string): never {
  throw new Error(message);
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '@rolegate/testing';
import {
  agentPod,
  attest,
  attested,
  newRequest,
  openFeed,
  patiently,
  PATIENCE,
  resolveIp,
  startAttestedServer,
  tokenOf,
} from './attested-server.ts';
import type { AttestedServer } from './attested-server.ts';

describe('Attestation', () => {
  const opened = new AsyncDisposableStack();
  let server: AttestedServer;
  beforeAll(async () => {
    server = opened.use(await startAttestedServer());
    server.start();
    await server.ready();
    const { api } = server;
    api.apply({ kind: 'Pod', ...agentPod('node-a', { name: 'not-agents', owner: {} }) });
    api.apply({ kind: 'Pod', ...agentPod('node-a', { name: 'other-account', account: 'other' }) });
    api.apply({ kind: 'Pod', ...agentPod('node-a', { name: 'ended' }), status: { phase: 'Failed' } });
    api.apply({ kind: 'Pod', ...agentPod('node-a', { name: 'deleted' }) });
    api.apply({ kind: 'Pod', ...agentPod('node-a', { name: 'force-deleted' }) });
  }, 60_000);
  afterAll(() => opened.disposeAsync());

  it('An agent gets a certificate that gives it the Pods of its own node, and no others', async () => {
    const tls = await attested(server, tokenOf(server.api, 'node-a'));
    const feed = openFeed(server.client(tls), { nodeName: 'node-a' });
    await feed.synced();
    expect(feed.pods()).toEqual([
      'a',
      'agent-node-a',
      'deleted',
      'ended',
      'force-deleted',
      'not-agents',
      'other-account',
    ]);
    expect(await resolveIp(server.client(tls), '198.18.0.1')).toBe('a');
    feed.close();
  });

  it('A second agent Pod of a node attests with a ServiceAccount token that names no node', async () => {
    server.api.apply({ kind: 'Pod', ...agentPod('node-a', { name: 'surge' }) });
    await eventually(async () => {
      const tls = await attested(server, server.api.issueToken({ pod: 'rolegate/surge', node: false }));
      const feed = openFeed(server.client(tls), { nodeName: 'node-a' });
      await feed.synced();
      expect(feed.pods()).toContain('a');
      feed.close();
    }, PATIENCE);
    server.api.delete('Pod', 'rolegate', 'surge');
  });

  const bad: readonly { what: string; token: (api: AttestedServer['api']) => string; says: RegExp }[] = [
    { what: 'that is none', token: () => 'garbage', says: /does not accept the token.*invalid bearer/ },
    { what: 'that is empty', token: () => '', says: /the token is empty/ },
    {
      what: 'that has expired',
      token: (api) => api.issueToken({ pod: 'rolegate/agent-node-a', endsMs: Date.now() - 1 }),
      says: /does not accept the token.*has expired/,
    },
    {
      what: 'for another audience',
      token: (api) => api.issueToken({ pod: 'rolegate/agent-node-a', audiences: ['vault'] }),
      says: /not for audience rolegate-server/,
    },
    {
      what: 'of another ServiceAccount',
      token: (api) => api.issueToken({ pod: 'rolegate/other-account' }),
      says: /is of "system:serviceaccount:rolegate:other"; the ServiceAccount of agents is rolegate\/rolegate-agent/,
    },
    {
      what: 'of the right ServiceAccount, bound to the Pod of another',
      token: (api) =>
        api.issueToken({ pod: 'rolegate/other-account', serviceAccount: 'rolegate/rolegate-agent' }),
      says: /names Pod "other-account", which does not match Pod rolegate\/other-account/,
    },
    {
      what: 'of the right name in another Namespace',
      token: (api) => api.issueToken({ pod: 'shop/a', serviceAccount: 'shop/rolegate-agent' }),
      says: /is of "system:serviceaccount:shop:rolegate-agent"/,
    },
    {
      what: 'bound to a node alone',
      token: (api) => api.issueToken({ serviceAccount: 'rolegate/rolegate-agent', node: 'node-b' }),
      says: /not bound to a Pod: give the agent a projected token/,
    },
    {
      what: 'bound to nothing',
      token: (api) => api.issueToken({ serviceAccount: 'rolegate/rolegate-agent' }),
      says: /not bound to a Pod/,
    },
    {
      what: 'of a deleted Pod',
      token: (api) => {
        const token = api.issueToken({ pod: 'rolegate/deleted' });
        api.delete('Pod', 'rolegate', 'deleted');
        return token;
      },
      says: /does not accept the token.*invalidated/,
    },
    {
      what: 'of an ended Pod',
      token: (api) => api.issueToken({ pod: 'rolegate/ended' }),
      says: /agent's Pod rolegate\/ended has ended/,
    },
    {
      what: 'that names another node than its Pod',
      token: (api) => api.issueToken({ pod: 'rolegate/agent-node-a', node: 'node-b' }),
      says: /the token names node "node-b", but Pod rolegate\/agent-node-a is on node-a/,
    },
    {
      what: 'of a Pod that no DaemonSet controls',
      token: (api) => api.issueToken({ pod: 'rolegate/not-agents' }),
      says: /rolegate\/not-agents is not controlled by a DaemonSet/,
    },
  ];

  it.each(bad)('A ServiceAccount token $what is refused, counted and audited', async ({ token, says }) => {
    const [before, foreign] = [await server.refusedAttestations(), await server.foreignCount()];
    const said = server.audits().length;
    const text = token(server.api);
    await eventually(async () => {
      await expect(attested(server, text)).rejects.toThrow(says);
    }, PATIENCE);
    await expect(attested(server, text)).rejects.toThrow(/PERMISSION_DENIED: ForeignNode: /);
    await eventually(async () => {
      expect(await server.refusedAttestations()).toBeGreaterThanOrEqual(before + 2);
    }, PATIENCE);
    // A wrong setting refuses honest agents, too.
    expect(await server.foreignCount()).toBe(foreign);
    expect(server.audits().slice(said)).toContainEqual(
      expect.objectContaining({
        reason: 'ForeignNode',
        error: expect.stringMatching(says) as unknown,
        peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as unknown,
        hint: expect.stringContaining('--agent-service-account') as unknown,
      }),
    );
    expect(JSON.stringify(server.lines)).not.toContain(text.split('.')[2] ?? 'garbage');
  });

  it('The ServiceAccount token of a force-deleted Pod is refused although the API server still accepts it', async () => {
    const token = server.api.issueToken({ pod: 'rolegate/force-deleted', outlivesPod: true });
    server.api.delete('Pod', 'rolegate', 'force-deleted');
    await eventually(async () => {
      await expect(attested(server, token)).rejects.toThrow(
        /ForeignNode: the agent's Pod .* does not exist any more/,
      );
    }, PATIENCE);
  });

  it('A certificate request or ServiceAccount token that is too large is refused with RESOURCE_EXHAUSTED', async () => {
    const client = server.attestClient({ ca: Buffer.from(server.bundle()) });
    const token = tokenOf(server.api, 'node-a');
    await expect(attest(client, token, Buffer.alloc(16 * 1024))).rejects.toThrow(/RESOURCE_EXHAUSTED/);
    await expect(attest(client, 'x'.repeat(17_000), Buffer.alloc(1))).rejects.toThrow(/RESOURCE_EXHAUSTED/);
  });

  it('An invalid certificate request is refused even with the right ServiceAccount token', async () => {
    const client = server.attestClient({ ca: Buffer.from(server.bundle()) });
    const token = tokenOf(server.api, 'node-a');
    await expect(patiently(() => attest(client, token, Buffer.from('x')))).rejects.toThrow(/ForeignNode/);
  });

  it('If the API server is unavailable, attestation says so and issued certificates keep working', async () => {
    const tls = await attested(server, tokenOf(server.api, 'node-a'));
    const token = tokenOf(server.api, 'node-b');
    server.api.refuse(503);
    try {
      await expect(attested(server, token)).rejects.toThrow(
        /UNAVAILABLE: ServerUnavailable: the API server cannot review the agent's token \(.*503.*\)/,
      );
      expect(await resolveIp(server.client(tls), '198.18.0.1')).toBe('a');
    } finally {
      server.api.refuse(undefined);
    }
  });
});

it("ServiceAccount tokens that are not of agents are limited to a burst of ten by source, but not an agent's at that address", async () => {
  await using server = await startAttestedServer();
  server.start();
  await server.ready();
  const ca = Buffer.from(server.bundle());
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, at) =>
      attest(server.attestClient({ ca }), `garbage ${at}`, Buffer.alloc(1)),
    ),
  );
  const words = outcomes.map((outcome) => (outcome.status === 'rejected' ? String(outcome.reason) : ''));
  const limited = words.filter((text) => text.includes('RESOURCE_EXHAUSTED: TooManyRequests')).length;
  expect(limited).toBeGreaterThanOrEqual(8);
  expect(server.api.tokenReviews).toBe(20 - limited);
  await attested(server, tokenOf(server.api, 'node-a'));
});

describe('Certificate renewal', () => {
  it('A valid certificate is renewed only with a ServiceAccount token of the same node', async () => {
    await using server = await startAttestedServer();
    server.start();
    await server.ready();
    const tls = await attested(server, tokenOf(server.api, 'node-a'));
    const client = server.client(tls);
    const request = await newRequest();
    const { certificateChain } = await attest(client, tokenOf(server.api, 'node-a'), request);
    expect(certificateChain).toContain('BEGIN CERTIFICATE');
    await expect(attest(client, tokenOf(server.api, 'node-b'), request)).rejects.toThrow(
      /PERMISSION_DENIED: ForeignNode: the certificate is of node node-a, the token of node-b/,
    );
    await expect(attest(client, 'garbage', request)).rejects.toThrow(/PERMISSION_DENIED/);
  });
});

import { connect } from 'node:http2';
import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NODE_NAME } from '../src/sandbox-node.ts';
import { SERVER_NAME } from '../src/identity-flags.ts';
import { startIdentityWorld } from './identity-world.ts';
import type { IdentityWorld } from './identity-world.ts';
import { eventually, expectLine, seen } from './setup.ts';

type Names = Parameters<IdentityWorld['ca']['issue']>[0];

/** Shared by all agents. */
const NAMELESS: Names = { dns: ['agent'] };
const SERVED = 'OK';
const FOREIGN = { msg: 'agent refused', level: 'error', audit: true, reason: 'ForeignNode' };

let byToken: IdentityWorld;
let shared: IdentityWorld;
const worlds: IdentityWorld[] = [];
beforeAll(async () => {
  const start = async (certificates: 'token' | 'shared') => {
    const world = await startIdentityWorld({ servers: 1, certificates });
    worlds.push(world);
    return world;
  };
  [byToken, shared] = await Promise.all([start('token'), start('shared')]);
});
afterAll(async () => {
  await Promise.all(worlds.map((world) => world[Symbol.asyncDispose]()));
});

const sessions: ClientHttp2Session[] = [];
afterAll(() => {
  for (const session of sessions) session.destroy();
});

describe('Shared certificate', () => {
  it('A node that proves itself by the token on its calls is served', async () => {
    await expectSteady(byToken);
    expect(byToken.api.tokenReviews).toBeGreaterThan(0);
    expect((await ops(byToken, '/metrics')).body).toMatch(/^rolegate_foreign_node_total 0$/m);
    expect((await ops(byToken, '/metrics')).body).toMatch(/^rolegate_shared_identity 0$/m);
  });

  it('A call without a token on a shared certificate is refused as ForeignNode, with the reason', async () => {
    const said = await resolve(await channel(byToken, NAMELESS));
    expect(said).toMatch(/^ForeignNode: the client certificate names no node .* the call has no token/);
    await expectLine(byToken.serverLog, { ...FOREIGN, error: said.replace('ForeignNode: ', '') });
  });

  it("A certificate of one node with the token of another node's agent is refused as ForeignNode", async () => {
    const named = { uris: [`spiffe://rolegate/node/${NODE_NAME}`] };
    const said = await resolve(await channel(byToken, named), tokenOf('node-b'));
    expect(said).toBe(`ForeignNode: the certificate is of node ${NODE_NAME}, the token of node-b`);
    await expectLine(byToken.serverLog, { ...FOREIGN, error: said.replace('ForeignNode: ', '') });
    expect(await resolve(await channel(byToken, named), tokenOf(NODE_NAME))).toBe(SERVED);
  });

  it('A connection belongs to one node, and the token of a second one is refused and audited', async () => {
    const one = await channel(byToken, NAMELESS);
    const [ours, other] = [tokenOf(NODE_NAME), tokenOf('node-c')];
    expect(await resolve(one, ours)).toBe(SERVED);
    const said = await resolve(one, other);
    expect(said).toBe(`ForeignNode: this connection belongs to node ${NODE_NAME}, but the call is of node-c`);
    await expectLine(byToken.serverLog, {
      ...FOREIGN,
      node: 'node-c',
      error: said.replace('ForeignNode: ', ''),
    });
    expect(await resolve(one, ours)).toBe(SERVED);
    // The token itself is valid.
    expect(await resolve(await channel(byToken, NAMELESS), other, '127.9.0.99')).toBe(SERVED);
    await expectSteady(byToken);
  });

  function tokenOf(node: string): string {
    return byToken.api.issueToken({ pod: byToken.agentPod(node) });
  }
});

describe('Shared identity', () => {
  it('A node is served at its word with --agent-identity shared', async () => {
    await expectSteady(shared);
    expect(shared.api.tokenReviews).toBe(0);
  });

  it('A shared identity is warned of at start, in the metrics and in /readyz?verbose', async () => {
    const warned = shared.serverLog
      .filter(({ level }) => level === 'warn')
      .map((line) => JSON.stringify(line));
    expect(
      warned.filter((line) => line.includes('--agent-identity shared: the key of any agent')),
    ).toHaveLength(1);
    expect((await ops(shared, '/metrics')).body).toMatch(/^rolegate_shared_identity 1$/m);
    expect(await ops(shared, '/readyz?verbose')).toMatchObject({
      status: 200,
      body: expect.stringContaining(
        '[!]identity of agents shared: an agent can claim to be any node (--agent-identity)',
      ) as unknown,
    });
    expect((await ops(byToken, '/readyz?verbose')).body).not.toContain('shared');
  });
});

function expectSteady(world: IdentityWorld): Promise<void> {
  return eventually(async () => {
    expect(seen(await world.as('steady/pod').credentials())).toEqual({ status: 200, role: 'steady' });
  });
}

/** A connection to the server with a certificate for these names. */
async function channel({ ca, serverPorts }: IdentityWorld, names: Names): Promise<ClientHttp2Session> {
  const session = connect(`https://127.0.0.1:${serverPorts[0] ?? 0}`, {
    ...(await ca.issue(names)),
    ca: ca.pem,
    servername: SERVER_NAME,
  });
  sessions.push(session);
  return session;
}

/** Makes a raw gRPC call and returns the server's answer. The address defaults to that of `steady/pod`. */
function resolve(session: ClientHttp2Session, token?: string, ip = steadyIp()): Promise<string> {
  const call = session.request({
    ':method': 'POST',
    ':path': '/rolegate.v1.Rolegate/Resolve',
    'content-type': 'application/grpc',
    te: 'trailers',
    ...(token !== undefined && { 'rolegate-token': token }),
  });
  // An uncompressed message, its length, and field 1.
  call.end(Buffer.concat([Buffer.from([0, 0, 0, 0, ip.length + 2, 0x0a, ip.length]), Buffer.from(ip)]));
  return new Promise((said, failed) => {
    const read = (headers: IncomingHttpHeaders) => {
      if (headers['grpc-status'] === undefined) return;
      const message = decodeURIComponent(String(headers['grpc-message'] ?? ''));
      said(headers['grpc-status'] === '0' ? SERVED : message);
    };
    call.on('response', read).on('trailers', read).on('error', failed).resume();
  });
}

function steadyIp(): string {
  return byToken.node.pod('Pod steady/pod')?.ip ?? '';
}

async function ops({ opsPorts }: IdentityWorld, path: string): Promise<{ status: number; body: string }> {
  const answer = await fetch(`http://127.0.0.1:${opsPorts[0] ?? 0}${path}`);
  return { status: answer.status, body: await answer.text() };
}

import { once } from 'node:events';
import { connect as connectHttp2, constants } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentReport, ClientTls } from '@rolegate/protocol';
import { createTestCa, eventually } from '@rolegate/testing';
import {
  agentPod,
  attest,
  attested,
  newRequest,
  openFeed,
  PATIENCE,
  resolveIp,
  startAttestedServer,
  tokenOf,
} from './attested-server.ts';
import type { AttestedServer } from './attested-server.ts';

type Tls = Required<ClientTls>;

/** The source address of bad clients, because connections are limited by address. */
const STRANGER = '127.0.0.2';

describe('Stolen nodes', () => {
  const opened = new AsyncDisposableStack();
  let server: AttestedServer;
  let ofA: Tls;
  let ofB: Tls;
  beforeAll(async () => {
    server = opened.use(await startAttestedServer());
    server.start();
    await server.ready();
    ofA = await attested(server, tokenOf(server.api, 'node-a'));
    ofB = await attested(server, tokenOf(server.api, 'node-b'));
  }, 60_000);
  afterAll(() => opened.disposeAsync());

  /** Returns the text of the attempt's error; expects that it was counted and audited. */
  async function expectAudited(act: () => Promise<string>, says: RegExp, node?: string): Promise<string> {
    const [before, count] = [server.audits().length, await server.foreignCount()];
    const words = await act();
    await eventually(async () => {
      expect(server.audits().slice(before)).toContainEqual(
        expect.objectContaining({
          reason: 'ForeignNode',
          error: expect.stringMatching(says) as unknown,
          ...(node !== undefined && { node }),
        }),
      );
      expect(await server.foreignCount()).toBeGreaterThan(count);
    }, PATIENCE);
    return words;
  }

  /** A feed with A's certificate that is synced, and reports once more. */
  async function reporting(report: AgentReport): Promise<string> {
    const feed = openFeed(server.client(ofA), { nodeName: 'node-a' });
    await feed.synced();
    feed.report(report);
    const words = await feed.ended;
    expect(feed.pods()).not.toContain('b');
    return words;
  }

  const uidOf = (namespace: string, name: string) =>
    server.api.get('Pod', namespace, name)?.metadata.uid ?? '';

  it('A stolen node gets nothing under the name of another node', async () => {
    const feed = openFeed(server.client(ofA), { nodeName: 'node-b' });
    const words = await expectAudited(
      () => feed.ended,
      /proof is of node node-a, but the report is of "node-b"/,
      'node-a',
    );
    expect(words).toMatch(/PERMISSION_DENIED: ForeignNode: /);
    expect(feed.updates).toEqual([]);
  });

  it('A stolen node is cut off if a later report has the name of another node', async () => {
    const words = await expectAudited(
      () => reporting({ nodeName: 'node-b' }),
      /but the report is of "node-b"/,
      'node-a',
    );
    expect(words).toMatch(/PERMISSION_DENIED/);
  });

  it('A stolen node may not ask which Pod owns an address on another node', async () => {
    const ask = () => resolveIp(server.client(ofA), '198.18.0.2');
    expect(await expectAudited(ask, /198\.18\.0\.2 belongs to a Pod on node node-b/, 'node-a')).toMatch(
      /PERMISSION_DENIED/,
    );
    expect(await resolveIp(server.client(ofA), '198.18.0.77')).toBe('nobody');
  });

  it('A stolen node may not report a first delivery to a Pod of another node', async () => {
    const report = { firstDeliveries: [{ podUid: uidOf('shop', 'b'), sessionId: 'x', heldMs: 1 }] };
    const words = await expectAudited(() => reporting(report), /which is on node node-b/, 'node-a');
    expect(words).toMatch(/PERMISSION_DENIED/);
  });

  it('A stolen node gets no session of another node by claiming to have it cached, and is audited', async () => {
    const other = openFeed(server.client(ofB), { nodeName: 'node-b' });
    await other.synced();
    await eventually(() => {
      expect(other.updates.some(({ session }) => session?.credentials)).toBe(true);
    }, PATIENCE);
    const { sessionId = '', credentials } =
      other.updates.find(({ session }) => session?.credentials)?.session ?? {};
    const { fingerprint = '' } = credentials ?? {};
    const said = server.audits().length;
    const held = { sessionId, fingerprint, remainingMs: 1_000_000, lifetimeMs: 3_600_000 };
    const feed = openFeed(server.client(ofA), {
      nodeName: 'node-a',
      heldSessions: [held],
      usedSessionIds: [sessionId],
    });
    await feed.synced();
    expect(feed.updates.some(({ session }) => session?.sessionId === sessionId)).toBe(false);
    expect(server.audits().slice(said)).toContainEqual(
      expect.objectContaining({
        error: expect.stringMatching(/reports 1 cached sessions that only other nodes need/) as unknown,
      }),
    );
    feed.close();
    other.close();
  });

  /** Expects that the client is refused on every port. */
  async function expectClosed(tls: ClientTls): Promise<void> {
    const client = server.client(tls);
    const feed = openFeed(client, { nodeName: 'node-b' });
    expect(await feed.ended).toMatch(/UNAVAILABLE/);
    expect(feed.updates).toEqual([]);
    expect(await resolveIp(client, '198.18.0.2')).toMatch(/UNAVAILABLE/);
    await expect(attest(client, tokenOf(server.api, 'node-b'), await newRequest())).rejects.toThrow(
      /UNAVAILABLE/,
    );
  }

  /** The same, and expects a log line with the cause, of which there are five a minute. */
  async function expectRefused(tls: ClientTls, error: RegExp, hint: RegExp): Promise<void> {
    await expectClosed(tls);
    await eventually(() => {
      expect(server.lines).toContainEqual(
        expect.objectContaining({
          message: 'TLS handshake refused',
          fields: {
            peer: expect.stringMatching(/^127\.0\.0\.1:/) as unknown,
            error: expect.stringMatching(error) as unknown,
            hint: expect.stringMatching(hint) as unknown,
          },
        }),
      );
    }, PATIENCE);
  }

  /** The metrics page is computed once a second. */
  async function expectCounted(why: string): Promise<void> {
    await eventually(async () => {
      const { body } = await server.ops('/metrics');
      expect(body).toMatch(new RegExp(`^rolegate_refused_handshakes_total\\{why="${why}"\\} [1-9]`, 'm'));
    }, PATIENCE);
  }

  it('A certificate of another authority is refused whatever names it has, logged with a hint and counted', async () => {
    const stranger = await createTestCa({ name: 'stranger' });
    const uris = ['spiffe://rolegate/node/node-b', `urn:rolegate:pod:${uidOf('rolegate', 'agent-node-b')}`];
    const { cert, key } = await stranger.issue({ uris, usages: ['client'] });
    await expectRefused(
      { ca: ofA.ca, cert: Buffer.from(cert), key: Buffer.from(key) },
      /UNABLE_TO_VERIFY.*it names "URI:spiffe:\/\/rolegate\/node\/node-b.*issued by "CN=stranger", and valid from 20.*Z to 20/,
      /does not attest again on its own/,
    );
    await expectCounted('certificate');
  });

  it('A client without a certificate, like agents of version 0.1, is refused, logged with a hint and counted', async () => {
    await expectRefused(
      { ca: ofA.ca },
      /^the client presented no certificate/,
      /^Upgrade agents before servers/,
    );
    await expectCounted('no_certificate');
  });

  it('A server certificate of another authority is refused as a client certificate', async () => {
    const { cert, key } = await (
      await createTestCa()
    ).issue({ dns: ['rolegate-server'], usages: ['server'] });
    await expectClosed({ ca: ofA.ca, cert: Buffer.from(cert), key: Buffer.from(key) });
  });

  it("The stream of a stolen node ends with the agent's Pod, and its certificate is refused from then on", async () => {
    server.api.apply({ kind: 'Pod', ...agentPod('node-a', { name: 'stolen' }) });
    const token = server.api.issueToken({ pod: 'rolegate/stolen' });
    const tls = await eventually(() => attested(server, token), PATIENCE);
    const feed = openFeed(server.client(tls), { nodeName: 'node-a' });
    await feed.synced();
    server.api.delete('Pod', 'rolegate', 'stolen');
    expect(await feed.ended).toMatch(
      /UNAVAILABLE: ServerUnavailable: the agent's Pod .* does not exist any more/,
    );
    expect(server.audits()).toContainEqual(
      expect.objectContaining({ reason: 'ServerUnavailable', node: 'node-a' }),
    );
    const again = () => openFeed(server.client(tls), { nodeName: 'node-a' }).ended;
    expect(await expectAudited(again, /does not exist any more/, 'node-a')).toMatch(/PERMISSION_DENIED/);
    expect(await resolveIp(server.client(tls), '198.18.0.1')).toMatch(/PERMISSION_DENIED/);
  });

  it('The stream of a stolen node ends with its Node, and its certificate is refused from then on', async () => {
    const { api } = server;
    api.apply({ kind: 'Node', metadata: { name: 'node-c' } });
    api.apply({ kind: 'Pod', ...agentPod('node-c') });
    const tls = await eventually(() => attested(server, tokenOf(api, 'node-c')), PATIENCE);
    const feed = openFeed(server.client(tls), { nodeName: 'node-c' });
    await feed.synced();
    api.delete('Node', '', 'node-c');
    expect(await feed.ended).toMatch(/UNAVAILABLE: .*node node-c has been removed from the cluster/);
    expect(await resolveIp(server.client(tls), '198.18.0.1')).toMatch(/PERMISSION_DENIED/);
  });

  it('A Pod that moves to another node is removed from the feed of the first, which is audited', async () => {
    const feed = openFeed(server.client(ofA), { nodeName: 'node-a' });
    await feed.synced();
    const act = async () => {
      server.api.patch('Pod', 'shop', 'a', { spec: { nodeName: 'node-b' } });
      await eventually(() => {
        expect(feed.updates.some(({ podRemoved }) => podRemoved?.uid === uidOf('shop', 'a'))).toBe(true);
      }, PATIENCE);
      return '';
    };
    await expectAudited(act, /Pod shop\/a has moved to node node-b/, 'node-a');
    server.api.patch('Pod', 'shop', 'a', { spec: { nodeName: 'node-a' } });
    feed.close();
  });
});

describe('Malformed input', () => {
  const opened = new AsyncDisposableStack();
  let server: AttestedServer;
  beforeAll(async () => {
    server = opened.use(await startAttestedServer());
    server.start();
    await server.ready();
  }, 60_000);
  afterAll(() => opened.disposeAsync());

  async function expectHealthy(): Promise<void> {
    const tls = await attested(server, tokenOf(server.api, 'node-a'));
    expect(await resolveIp(server.client(tls), '198.18.0.1')).toBe('a');
    expect((await server.ops('/readyz?verbose')).body).toContain('[+]authority ok');
  }

  function strange(localAddress = STRANGER) {
    return connectTls({
      host: '127.0.0.1',
      port: server.attestPort,
      localAddress,
      ca: server.bundle(),
      servername: 'rolegate-server',
      ALPNProtocols: ['h2'],
    } as ConnectionOptions);
  }

  function session() {
    const opened = connectHttp2(`https://127.0.0.1:${server.attestPort}`, {
      createConnection: () => strange(),
    });
    opened.on('error', () => undefined);
    return opened;
  }

  /** The gRPC status of an Attest with these bytes as its body. */
  async function post(body: Buffer): Promise<string> {
    const opened = session();
    const stream = opened.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: '/rolegate.v1.Rolegate/Attest',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    let code = '';
    const take = (headers: Readonly<Record<string, string | string[] | number | undefined>>) => {
      code = String(headers['grpc-status'] ?? code);
    };
    stream
      .on('response', take)
      .on('trailers', take)
      .on('error', () => undefined)
      .resume();
    stream.end(body);
    // Not by `once`, which rejects if the server resets the connection before it has all.
    await new Promise((resolve) => stream.once('close', resolve));
    opened.close();
    return code;
  }

  it.each([
    { what: 'garbage', body: Buffer.alloc(2_000, 0xa7) },
    { what: 'nothing', body: Buffer.alloc(0) },
    { what: 'a frame that lies about its length', body: Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1, 2]) },
    { what: 'a message that does not parse', body: Buffer.from([0, 0, 0, 0, 3, 0xff, 0xff, 0xff]) },
    { what: 'two megabytes', body: Buffer.concat([Buffer.from([0, 0, 0x20, 0, 0]), Buffer.alloc(0x200000)]) },
  ])('A request body of $what is refused and leaves the server healthy', async ({ body }) => {
    expect(await post(body)).not.toBe('0');
    await expectHealthy();
  });

  it('Requests that come slowly or never leave the server healthy', async () => {
    const opened = Array.from({ length: 20 }, () => {
      const one = session();
      const stream = one.request({
        [constants.HTTP2_HEADER_METHOD]: 'POST',
        [constants.HTTP2_HEADER_PATH]: '/rolegate.v1.Rolegate/Attest',
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      stream.on('error', () => undefined).write(Buffer.from([0, 0, 0]));
      return one;
    });
    const half = Array.from({ length: 20 }, () =>
      connectTcp({ port: server.attestPort, host: '127.0.0.1', localAddress: STRANGER }).on(
        'error',
        () => undefined,
      ),
    );
    await expectHealthy();
    for (const one of [...opened, ...half]) one.destroy();
  });

  it('A client that does not speak HTTP/2 inside TLS is disconnected and leaves the server healthy', async () => {
    const socket = strange('127.0.0.3');
    socket.on('error', () => undefined).resume();
    await once(socket, 'secureConnect');
    socket.write(Buffer.alloc(10_000, 0x55));
    await once(socket, 'close');
    await expectHealthy();
  });
});

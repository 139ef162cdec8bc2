import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, status } from '@grpc/grpc-js';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { createClientCredentials, createRolegateClient, createServerCredentials } from '@rolegate/protocol';
import { nodeOfPeer, rolegateService, watchTlsFiles } from '@rolegate/protocol';
import type { AgentReportRead, FeedUpdate, FeedUpdateRead, RolegateHandlers } from '@rolegate/protocol';
import { createFakeClock, createTestCa, writeTlsFiles } from '@rolegate/testing';
import { startFeedInterposer } from '../../src/feed/interposer.ts';

const SERVER_NAME = 'rolegate-server';
const pod = (uid: string): FeedUpdate => ({ podRemoved: { uid } });
const uidOf = ({ podRemoved }: FeedUpdateRead) => podRemoved?.uid ?? '';

type FeedCall = ServerDuplexStream<AgentReportRead, FeedUpdate>;

/** A server driven by the test, an interposer, and an agent's open stream. */
async function setup() {
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-interposer-'));
  const ca = await createTestCa();
  const files = async (name: string, names: { dns?: string[]; uris?: string[] }) =>
    writeTlsFiles(join(folder, name), { ...(await ca.issue(names)), ca: ca.pem });
  const asServer = await files('server', { dns: [SERVER_NAME] });
  const asAgent = await files('agent', { uris: ['spiffe://rolegate/node/node-1'] });
  const source = (of: typeof asServer, purpose: 'server' | 'client') =>
    watchTlsFiles({
      files: of,
      purpose,
      clock: createFakeClock({ nowMs: Date.now() }),
      log: { info: () => undefined, error: () => undefined },
      signal: AbortSignal.abort(),
    });

  const streams: FeedCall[] = [];
  const received: AgentReportRead[] = [];
  const server = new Server();
  server.addService(rolegateService, handlersInto(streams, received));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', createServerCredentials(source(asServer, 'server')), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  const interposer = await startFeedInterposer({
    target: { port, serverName: SERVER_NAME },
    asServer,
    asAgent,
  });
  const agent = createRolegateClient({
    target: `127.0.0.1:${interposer.port}`,
    credentials: createClientCredentials(source(asAgent, 'client')),
    serverName: SERVER_NAME,
  });
  const call = agent.Feed();
  const seen: FeedUpdateRead[] = [];
  const errors: Error[] = [];
  call.on('data', (update: FeedUpdateRead) => seen.push(update)).on('error', (error) => errors.push(error));
  call.write({ nodeName: 'node-1', version: '1' });
  await once(call, 'data');
  return {
    interposer,
    received,
    agent,
    call,
    seen,
    errors,
    say: (...updates: FeedUpdate[]) => {
      for (const update of updates) streams[0]?.write(update);
    },
    end: (error: { code: status; details: string }) => streams[0]?.emit('error', error),
    seenUids: () => seen.map(uidOf).filter((uid) => uid !== ''),
    async [Symbol.asyncDispose]() {
      agent.close();
      interposer.close();
      server.forceShutdown();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

describe('Feed interposer', () => {
  it('The interposer passes messages both ways as the node of its certificate, and records them', async () => {
    await using s = await setup();
    expect(s.seen).toMatchObject([{ synced: { podsResourceVersion: 'node-1' } }]);
    expect(s.interposer.reports).toMatchObject([{ nodeName: 'node-1', version: '1' }]);
    expect(s.interposer.updates).toEqual(s.seen);
  });

  it('Held updates are overtaken by the others, and released in the given order', async () => {
    await using s = await setup();
    s.interposer.hold((update) => uidOf(update).startsWith('held'));
    s.say(pod('held-1'), pod('held-2'), pod('fast'));
    await until(() => s.seenUids().length === 1);
    s.interposer.release((held) => held.toReversed());
    s.say(pod('after'));
    await until(() => s.seenUids().length === 4);
    expect(s.seenUids()).toEqual(['fast', 'held-2', 'held-1', 'after']);
  });

  it('Matching updates are dropped until the filter is removed', async () => {
    await using s = await setup();
    s.interposer.drop((update) => uidOf(update) === 'lost');
    s.say(pod('lost'), pod('one'));
    await until(() => s.seenUids().length === 1);
    s.interposer.drop();
    s.say(pod('lost'));
    await until(() => s.seenUids().length === 2);
    expect(s.seenUids()).toEqual(['one', 'lost']);
  });

  it('The server gets reports as they are rewritten, and a refused call as one that does not exist', async () => {
    await using s = await setup();
    s.interposer.rewrite((report) => ({ ...report, version: '' }));
    s.interposer.refuse('ReviewToken');
    s.call.write({ nodeName: 'node-1', version: '2' });
    await until(() => s.received.length === 2);
    expect(s.received).toMatchObject([{ version: '1' }, { nodeName: 'node-1', version: '' }]);
    expect(s.interposer.reports.at(-1)).toMatchObject({ version: '2' });
    const refused = await new Promise((resolve) => s.agent.reviewToken({ token: 'x' }, resolve));
    expect(refused).toMatchObject({ code: status.UNIMPLEMENTED });
  });

  it("The server's refusals of streams and of calls are passed on", async () => {
    await using s = await setup();
    s.end({ code: status.UNAVAILABLE, details: 'ServerUnavailable: stopping' });
    await until(() => s.errors.length > 0);
    expect(s.errors).toMatchObject([{ code: status.UNAVAILABLE, details: 'ServerUnavailable: stopping' }]);
    const refused = await new Promise((resolve) => s.agent.Resolve({ ip: '192.0.2.1' }, resolve));
    expect(refused).toMatchObject({ code: status.PERMISSION_DENIED, details: 'ForeignNode: no' });
  });

  it('The stream ends if the agent ends it', async () => {
    await using s = await setup();
    s.call.end();
    await once(s.call, 'end');
    expect(s.errors).toEqual([]);
  });
});

/** Answers each report with its node and refuses everything else. */
function handlersInto(streams: FeedCall[], received: AgentReportRead[]): RolegateHandlers {
  return {
    Feed(call) {
      streams.push(call);
      call.on('data', (report: AgentReportRead) => {
        received.push(report);
        call.write({ synced: { podsResourceVersion: nodeOfPeer(call, 'rolegate') ?? '' } });
      });
      call.on('error', () => undefined);
      call.on('end', () => {
        call.end();
      });
    },
    Resolve(_call, callback) {
      callback({ code: status.PERMISSION_DENIED, details: 'ForeignNode: no' });
    },
    Attest(_call, callback) {
      callback({ code: status.UNIMPLEMENTED });
    },
    ReviewToken(_call, callback) {
      callback({ code: status.PERMISSION_DENIED });
    },
  };
}

async function until(fits: () => boolean): Promise<void> {
  while (!fits()) await new Promise((resolve) => setImmediate(resolve));
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reasons, rolegateService } from '@rolegate/protocol';
import type { AgentReport, ClientTls } from '@rolegate/protocol';
import { eventually } from '@rolegate/testing';
import { attested, openFeed, PATIENCE, startAttestedServer, tokenOf } from './attested-server.ts';
import type { AttestedServer } from './attested-server.ts';
import { framed, http2Calls } from './http2-calls.ts';

const MIB = 1024 * 1024;

/** What one stolen node sent in one test may add to the log. Characters. */
const MOST_LOG = 100_000;
/** A node's four streams, each with the largest unfinished report, and what the client's side and the collector have. Bytes. */
const MOST_BUFFERS = 48 * MIB;

describe('Hostile reports', () => {
  const opened = new AsyncDisposableStack();
  let server: AttestedServer;
  let thief: Required<ClientTls>;
  let other: ReturnType<typeof openFeed>;
  beforeAll(async () => {
    server = opened.use(await startAttestedServer());
    server.start();
    await server.ready();
    thief = await attested(server, tokenOf(server.api, 'node-a'));
    other = openFeed(server.client(await attested(server, tokenOf(server.api, 'node-b'))));
    await other.synced();
  }, 60_000);
  afterAll(() => opened.disposeAsync());

  let changes = 0;
  /** Expects that a change of a Pod of node-b reaches its agent. */
  async function expectOtherServed(): Promise<void> {
    const ip = `198.18.1.${(changes += 1)}`;
    server.api.patch('Pod', 'shop', 'b', { status: { podIP: ip, podIPs: [{ ip }] } });
    await eventually(() => {
      expect(other.updates.at(-1)?.pod?.ips).toEqual([ip]);
    }, PATIENCE);
  }

  const logged = () => JSON.stringify(server.lines).length;
  const metrics = async () => (await server.ops('/metrics')).body;
  const hits = async (limit: string) =>
    Number(
      new RegExp(`^rolegate_limit_hits_total\\{limit="${limit}"\\} (\\d+)`, 'm').exec(await metrics())?.[1],
    );

  /** A feed of the thief's, until it is synced or ended. */
  async function steal(report: AgentReport): Promise<void> {
    const feed = openFeed(server.client(thief), { nodeName: 'node-a', ...report });
    let over = false;
    void feed.ended.then(() => (over = true));
    await eventually(() => {
      expect(over || feed.updates.some(({ synced }) => synced)).toBe(true);
    }, PATIENCE);
    feed.close();
  }

  // A node opens 20 streams at once, then five a second: those that open few come first.
  it('A stream whose answers nobody reads is closed when a third one takes its place', async () => {
    const connection = http2Calls(server.port, thief, { initialWindowSize: 0 });
    const report = rolegateService.Feed.requestSerialize({ nodeName: 'node-a', version: '1' });
    const feeds = [1, 2, 3].map(() => {
      const feed = connection.open();
      feed.write(framed(report.length, report));
      return feed;
    });
    await eventually(() => {
      expect(feeds.map((feed) => feed.closed())).toEqual([true, false, false]);
    }, PATIENCE);
    connection.close();
  });

  it('A report larger than any may be ends its stream, counted and audited', async () => {
    const [connection, before] = [http2Calls(server.port, thief), await hits('report_bytes')];
    const feed = connection.open();
    feed.write(framed(2 * MIB, Buffer.alloc(10)));
    await eventually(() => {
      expect([feed.status(), feed.closed()]).toEqual(['8', true]);
    }, PATIENCE);
    expect(await hits('report_bytes')).toBe(before + 1);
    expect(server.audits()).toContainEqual(
      expect.objectContaining({ limit: 'report_bytes', node: 'node-a' }),
    );
    connection.close();
  });

  it('A later report that is too large ends its stream, is counted once, and affects no other node', async () => {
    const before = await hits('report_bytes');
    const feed = openFeed(server.client(thief), { nodeName: 'node-a' });
    await feed.synced();
    feed.report({ usedSessionIds: ['x'.repeat(64 * 1024)] });
    expect(await feed.ended).toMatch(/RESOURCE_EXHAUSTED: TooManyRequests: the report has \d+ bytes/);
    await expectOtherServed();
    expect(await hits('report_bytes')).toBe(before + 1);
  });

  it('A request other than a report is refused if it announces more than 32 KiB', async () => {
    const connection = http2Calls(server.port, thief);
    const call = connection.open('Resolve');
    call.write(framed(32 * 1024 + 1, Buffer.alloc(10)));
    await eventually(() => {
      expect(call.status()).toBe('8');
    }, PATIENCE);
    connection.close();
  });

  it('A hundred thousand reports at once end their stream, and affect no other node', async () => {
    const connection = http2Calls(server.port, thief);
    const feed = connection.open();
    const empty = Buffer.alloc(5 * 100_000);
    feed.write(empty);
    await eventually(() => {
      expect([feed.status(), feed.closed()]).toEqual(['8', true]);
    }, PATIENCE);
    expect(await hits('report_rate')).toBeGreaterThan(0);
    await expectOtherServed();
    connection.close();
  });

  it('A version of a megabyte in a report is not logged, and affects no other node', async () => {
    const before = logged();
    for (let at = 0; at < 10; at += 1) {
      await steal({ version: 'v'.repeat(MIB - 100) });
    }
    expect(logged() - before).toBeLessThan(MOST_LOG);
    await expectOtherServed();
  });

  it('Thousands of made-up reasons in reports add no metric label and little to the log', async () => {
    const before = logged();
    const made = (at: number) =>
      `Made${String.fromCharCode(...[at / 676, at / 26, at].map((part) => 65 + (part % 26)))}`;
    const answersByReason = Object.fromEntries(
      Array.from({ length: 17_000 }, (_, at) => [`${made(at)}${'x'.repeat(40)}`, 1]),
    );
    for (let at = 0; at < 39; at += 1) {
      await steal({ answersByReason });
      if (at % 10 === 0) await expectOtherServed();
    }
    const page = await metrics();
    const labels = [...page.matchAll(/^rolegate_agent_answers_total\{reason="([^"]*)"\}/gm)];
    const known = new Set(['', 'other', ...Object.keys(reasons)]);
    expect(labels.flatMap(([, label = '?']) => (known.has(label) ? [] : [label]))).toEqual([]);
    expect(page.length).toBeLessThan(MOST_LOG);
    expect(await hits('report_fields')).toBeGreaterThan(0);
    expect(logged() - before).toBeLessThan(MOST_LOG);
  });

  it('Unfinished reports on 190 streams of a node are kept for four streams at most', async () => {
    const before = process.memoryUsage().arrayBuffers;
    const connections = Array.from({ length: 4 }, () => http2Calls(server.port, thief));
    const feeds = Array.from({ length: 190 }, (_, at) => connections[at % 4]?.open());
    const unfinished = framed(MIB, Buffer.alloc(MIB - 1));
    for (const feed of feeds) feed?.write(unfinished);
    await eventually(() => {
      expect(feeds.filter((feed) => feed?.closed() === false).length).toBeLessThanOrEqual(4);
    }, PATIENCE);
    await expectOtherServed();
    await eventually(() => {
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MOST_BUFFERS);
    }, PATIENCE);
    expect(await hits('node_streams')).toBeGreaterThan(0);
    for (const connection of connections) connection.close();
  });
});

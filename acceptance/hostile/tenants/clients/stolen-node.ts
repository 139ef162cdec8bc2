// An agent whose node was stolen: it has a certificate, and says what it likes.
import { randomBytes } from 'node:crypto';
import { createClientCredentials, createRolegateClient, rolegateService } from '@rolegate/protocol';
import type { AgentReport, RolegateClient } from '@rolegate/protocol';
import { serveCalls } from '../../../processes/serve-calls.ts';
import type { Sends, StolenNodeCalls, StolenNodeOrder, StolenNodeSeen } from '../../cluster/orders.ts';
import { paced } from '../../cluster/clients/pace.ts';

const MEGABYTE = 1_000_000;
/** Connections over which streams are opened. */
const CLIENTS = 4;

/** What is done, and how often a second. */
interface Plan {
  readonly perSecond: number;
  /** Streams that stay open. */
  readonly streams: number;
  /** Made for each stream once. */
  readonly reports: (nodeName: string) => () => Buffer;
}

const plans: Readonly<Record<Sends, Plan>> = {
  'made-up reasons': { perSecond: 10, streams: 1, reports: madeUpReasons },
  'long versions': { perSecond: 20, streams: 1, reports: longVersions },
  'many streams': { perSecond: 100, streams: 190, reports: longVersions },
  'random bytes': { perSecond: 100, streams: 20, reports: () => () => randomBytes(4_096) },
};

/** 25,000 labels that no server has seen, each report others: numbers are written over numbers, because making them takes long. */
function madeUpReasons(nodeName: string): () => Buffer {
  const run = 'a'.repeat(16);
  const reasons = Array.from({ length: MEGABYTE / 40 }, (_, at) => [`${run}-${at}`.padEnd(32, 'x'), 1]);
  const answersByReason = Object.fromEntries(reasons) as Record<string, number>;
  const report = serialize({ nodeName, answersByReason });
  const places: number[] = [];
  for (let at = report.indexOf(run); at >= 0; at = report.indexOf(run, at + 1)) places.push(at);
  return () => {
    const next = randomBytes(8).toString('hex');
    const copy = Buffer.from(report);
    for (const at of places) copy.write(next, at, 'latin1');
    return copy;
  };
}

function longVersions(nodeName: string): () => Buffer {
  const report = serialize({ nodeName, version: 'v'.repeat(MEGABYTE) });
  return () => report;
}

function serialize(report: AgentReport): Buffer {
  return rolegateService.Feed.requestSerialize(report);
}

type Stream = ReturnType<RolegateClient['feed']>;

async function send(sends: Sends, order: StolenNodeOrder): Promise<StolenNodeSeen> {
  const { port, serverName, ca, identity, forMs } = order;
  const plan = plans[sends];
  const tls = { ca: Buffer.from(ca), cert: Buffer.from(identity.cert), key: Buffer.from(identity.key) };
  const credentials = createClientCredentials({ current: () => tls });
  const target = `127.0.0.1:${port}`;
  const clients = Array.from({ length: CLIENTS }, () =>
    createRolegateClient({ target, credentials, serverName }),
  );

  const open: Stream[] = [];
  const ended: Record<string, number> = {};
  const seen = { streams: 0, reports: 0, sentBytes: 0 };
  const report = plan.reports(identity.node);

  function openStream(client: RolegateClient): Stream {
    const stream = rawFeed(client);
    seen.streams++;
    open.push(stream);
    const over = (code: string) => {
      if (!open.includes(stream)) return;
      ended[code] = (ended[code] ?? 0) + 1;
      open.splice(open.indexOf(stream), 1);
    };
    stream.on('error', (error: Error & { code?: number }) => {
      over(String(error.code));
    });
    stream.on('end', () => {
      over('ended');
    });
    stream.on('data', () => undefined);
    return stream;
  }

  await paced({ perSecond: plan.perSecond, goesOn: (elapsedMs) => elapsedMs < forMs }, (turn) => {
    const client = clients[turn % CLIENTS];
    const isOneMore = open.length < plan.streams && client !== undefined;
    const stream = isOneMore ? openStream(client) : open[turn % open.length];
    // What the server does not take is not made.
    if (stream === undefined || stream.writableNeedDrain) return;
    const bytes = report();
    stream.write(bytes as AgentReport, () => {
      seen.reports++;
      seen.sentBytes += bytes.length;
    });
  });
  for (const client of clients) client.close();
  return { ...seen, ended };
}

/** The feed as agents open it, on which bytes are sent as they are. */
function rawFeed(client: RolegateClient): Stream {
  const { path, responseDeserialize } = rolegateService.Feed;
  const asTheyAre = (bytes: Buffer) => bytes;
  return client.makeBidiStreamRequest(path, asTheyAre, responseDeserialize) as unknown as Stream;
}

serveCalls({
  attack: (order) => Promise.all(order.sends.map((sends) => send(sends, order))),
} satisfies StolenNodeCalls);

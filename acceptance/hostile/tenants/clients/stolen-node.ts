// A stolen node with a certificate that sends invalid reports.
import { randomBytes } from 'node:crypto';
import { rolegateService } from '@rolegate/protocol';
import type { AgentReport, RolegateClient } from '@rolegate/protocol';
import { serveCalls } from '../../../processes/serve-calls.ts';
import { createFeedClient } from '../../../stand-ins/feed-client.ts';
import type { Sends, StolenNodeCalls, StolenNodeOptions, StolenNodeResult } from '../../cluster/calls.ts';
import { paced } from '../../cluster/clients/pace.ts';

const MEGABYTE = 1_000_000;
/** Connections over which streams are opened. */
const CLIENTS = 4;

interface Plan {
  readonly perSecond: number;
  /** Streams to keep open. */
  readonly streams: number;
  /** Called once; the result creates each report. */
  readonly reports: (nodeName: string) => () => Buffer;
}

const plans: Readonly<Record<Sends, Plan>> = {
  'made-up reasons': { perSecond: 10, streams: 1, reports: madeUpReasons },
  'long versions': { perSecond: 20, streams: 1, reports: longVersions },
  'many streams': { perSecond: 100, streams: 190, reports: longVersions },
  'random bytes': { perSecond: 100, streams: 20, reports: () => () => randomBytes(4_096) },
};

/** Each report has 25,000 new labels. A prepared report is patched, because serializing takes long. */
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

async function send(sends: Sends, order: StolenNodeOptions): Promise<StolenNodeResult> {
  const { port, serverName, ca, identity, forMs } = order;
  const plan = plans[sends];
  const clients = Array.from({ length: CLIENTS }, () => createFeedClient({ port, serverName, ca, identity }));

  const open: Stream[] = [];
  const ended: Record<string, number> = {};
  const observed = { streams: 0, reports: 0, sentBytes: 0 };
  const report = plan.reports(identity.node);

  function openStream(client: RolegateClient): Stream {
    const stream = rawFeed(client);
    observed.streams++;
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

  await paced({ perSecond: plan.perSecond, shouldContinue: (elapsedMs) => elapsedMs < forMs }, (turn) => {
    const client = clients[turn % CLIENTS];
    const isOneMore = open.length < plan.streams && client !== undefined;
    const stream = isOneMore ? openStream(client) : open[turn % open.length];
    // Creates no reports that the server does not accept.
    if (stream === undefined || stream.writableNeedDrain) return;
    const bytes = report();
    stream.write(bytes as AgentReport, () => {
      observed.reports++;
      observed.sentBytes += bytes.length;
    });
  });
  for (const client of clients) client.close();
  return { ...observed, ended };
}

/** A feed call that sends raw bytes. */
function rawFeed(client: RolegateClient): Stream {
  const { path, responseDeserialize } = rolegateService.Feed;
  const asTheyAre = (bytes: Buffer) => bytes;
  return client.makeBidiStreamRequest(path, asTheyAre, responseDeserialize) as unknown as Stream;
}

serveCalls({
  attack: (order) => Promise.all(order.sends.map((sends) => send(sends, order))),
} satisfies StolenNodeCalls);

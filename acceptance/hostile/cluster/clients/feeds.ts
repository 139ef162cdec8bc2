// Opens the streams of honest agents and records what they receive, and when.
import type { FeedUpdateRead, HeldSession, RolegateClient } from '@rolegate/protocol';
import { createBackoff } from '@rolegate/runtime';
import { createFeedRenewals } from './feed-renewals.ts';
import { createLedger } from './ledger.ts';
import type { NodeLedger } from './ledger.ts';
import { machineMs } from './pace.ts';
import type { FeedsCalls, FeedsOptions, NodeIdentity } from '../calls.ts';
import { serveCalls } from '../../../processes/serve-calls.ts';
import { createFeedClient } from '../../../stand-ins/feed-client.ts';

/** The agent's settings. Milliseconds. */
const KEEPALIVE = {
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 3_000,
  'grpc.keepalive_permit_without_calls': 1,
};
/** Before a stream is reopened: the agents behind one address share its rate limit. Milliseconds. */
const BACKOFF = { firstMs: 500, capMs: 5_000 };

const ledger = createLedger(machineMs);
/** The client of each node's stream. */
const clients = new Map<string, RolegateClient>();
const renewals = createFeedRenewals((node) => clients.get(node));
let nodes: readonly NodeIdentity[] = [];
let closeAll: (() => void)[] = [];

function keepOpen({ port, serverName, ca }: FeedsOptions, identity: NodeIdentity): () => void {
  const { node, address = '127.0.0.1' } = identity;
  const received = ledger.node(node);
  const backoff = createBackoff(BACKOFF);
  let closed = false;
  let reopening: NodeJS.Timeout | undefined;
  let end = () => undefined as unknown;

  function open(): void {
    // A new client each time: the back-off of a failed channel differs from the agent's.
    const client = createFeedClient({ address, port, serverName, ca, identity, channel: KEEPALIVE });
    clients.set(node, client);
    const call = client.feed();
    let over = false;
    const ended = (why: string) => {
      if (over) return;
      over = true;
      if (clients.get(node) === client) clients.delete(node);
      client.close();
      if (closed) return;
      ledger.recordDrop(received, why);
      reopening = setTimeout(open, backoff.next());
    };
    call.on('error', (error: Error) => {
      ended(error.message.slice(0, 80));
    });
    call.on('end', () => {
      ended('ended');
    });
    call.on('data', (update: FeedUpdateRead) => {
      backoff.reset();
      ledger.take(received, update);
    });
    call.write({
      nodeName: node,
      version: '0.1.0',
      heldSessions: cachedSessions(received),
      interception: {},
    });
    end = () => {
      call.cancel();
      client.close();
    };
  }

  open();
  return () => {
    closed = true;
    clearTimeout(reopening);
    end();
  };
}

/** The cached sessions that an agent reports when it reconnects. */
function cachedSessions(received: NodeLedger): HeldSession[] {
  const nowMs = machineMs();
  return [...received.sessions].map(([sessionId, { fingerprint, endsAtMs, lifetimeMs }]) => ({
    sessionId,
    fingerprint,
    remainingMs: Math.floor(endsAtMs - nowMs),
    lifetimeMs,
    unusedMs: 0,
  }));
}

function close(): void {
  for (const one of closeAll.splice(0)) one();
}

serveCalls({
  open(options) {
    close();
    ledger.forget();
    nodes = options.nodes;
    closeAll = options.nodes.map((identity) => keepOpen(options, identity));
  },
  close,
  begin() {
    ledger.begin();
    renewals.begin(nodes);
  },
  async end() {
    const certificates = await renewals.end();
    return { ...ledger.end(), certificates };
  },
  decided: ({ uid, wanted, withinMs }) => ledger.waitFor(uid, withinMs, ({ decided }) => decided(wanted)),
  served: ({ uid, withinMs }) => ledger.waitFor(uid, withinMs, ({ served }) => served()),
  gone: ({ uid, withinMs }) => ledger.waitFor(uid, withinMs, ({ gone }) => gone()),
  record: ledger.record,
  recorded: ledger.recorded,
  state: ledger.state,
} satisfies FeedsCalls);

// Agents' streams without agents: what honest nodes are told, and when.
import { createClientCredentials, createRolegateClient } from '@rolegate/protocol';
import type { FeedUpdateRead, HeldSession, RolegateClient } from '@rolegate/protocol';
import { createBackoff } from '@rolegate/runtime';
import { createFeedRenewals } from './feed-renewals.ts';
import { createLedger } from './ledger.ts';
import type { NodeLedger } from './ledger.ts';
import { machineMs } from './pace.ts';
import type { FeedsCalls, FeedsOrder, NodeIdentity } from '../orders.ts';
import { serveCalls } from '../../../processes/serve-calls.ts';

/** As agents have them. Milliseconds. */
const KEEPALIVE = {
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 3_000,
  'grpc.keepalive_permit_without_calls': 1,
};
/** Before a stream that ended is opened again: those behind one address share its rate. Milliseconds. */
const BACKOFF = { firstMs: 500, capMs: 5_000 };

const ledger = createLedger(machineMs);
/** The connection of each node's stream. */
const clients = new Map<string, RolegateClient>();
const renewals = createFeedRenewals((node) => clients.get(node));
let nodes: readonly NodeIdentity[] = [];
let closeAll: (() => void)[] = [];

function keepOpen({ port, serverName, ca }: FeedsOrder, identity: NodeIdentity): () => void {
  const { node, address = '127.0.0.1', cert, key } = identity;
  const tls = { ca: Buffer.from(ca), cert: Buffer.from(cert), key: Buffer.from(key) };
  const credentials = createClientCredentials({ current: () => tls });
  const told = ledger.node(node);
  const backoff = createBackoff(BACKOFF);
  let closed = false;
  let again: NodeJS.Timeout | undefined;
  let end = () => undefined as unknown;

  function open(): void {
    // A client of its own each time: the pauses of a channel that failed are not those of an agent.
    const client = createRolegateClient({
      target: `${address}:${port}`,
      credentials,
      serverName,
      channel: KEEPALIVE,
    });
    clients.set(node, client);
    const call = client.feed();
    let over = false;
    const ended = (why: string) => {
      if (over) return;
      over = true;
      if (clients.get(node) === client) clients.delete(node);
      client.close();
      if (closed) return;
      ledger.dropped(told, why);
      again = setTimeout(open, backoff.next());
    };
    call.on('error', (error: Error) => {
      ended(error.message.slice(0, 80));
    });
    call.on('end', () => {
      ended('ended');
    });
    call.on('data', (update: FeedUpdateRead) => {
      backoff.reset();
      ledger.take(told, update);
    });
    call.write({ nodeName: node, version: '0.1.0', heldSessions: heldBy(told), interception: {} });
    end = () => {
      call.cancel();
      client.close();
    };
  }

  open();
  return () => {
    closed = true;
    clearTimeout(again);
    end();
  };
}

/** As an agent that connects again says it. */
function heldBy(told: NodeLedger): HeldSession[] {
  const nowMs = machineMs();
  return [...told.sessions].map(([sessionId, { fingerprint, endsAtMs, lifetimeMs }]) => ({
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
  open(order) {
    close();
    ledger.forget();
    nodes = order.nodes;
    closeAll = order.nodes.map((identity) => keepOpen(order, identity));
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
  decided: ({ uid, wanted, withinMs }) => ledger.until(uid, withinMs, ({ decided }) => decided(wanted)),
  served: ({ uid, withinMs }) => ledger.until(uid, withinMs, ({ served }) => served()),
  gone: ({ uid, withinMs }) => ledger.until(uid, withinMs, ({ gone }) => gone()),
  record: ledger.record,
  recorded: ledger.recorded,
  state: ledger.state,
} satisfies FeedsCalls);

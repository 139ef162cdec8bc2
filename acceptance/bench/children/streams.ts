import { startRelay } from '@rolegate/sandbox';
import type { FeedUpdateRead, HeldSession } from '@rolegate/protocol';
import { nodeAddress } from '../cluster-objects.ts';
import { serveCalls } from '../../processes/serve-calls.ts';
import { createFeedClient } from '../../stand-ins/feed-client.ts';

/** The identity of an agent whose stream is opened without an agent. */
export interface RawAgent {
  readonly node: string;
  readonly cert: string;
  readonly key: string;
  readonly held?: readonly HeldSession[];
}

export interface Open {
  readonly port: number;
  readonly serverName: string;
  readonly ca: string;
  readonly agents: readonly RawAgent[];
}

/** Received on all streams since the first was opened. */
interface Received {
  readonly startMs: number;
  /** IDs of sessions with credentials. */
  readonly sessions: Set<string>;
  /** Session IDs by the UID of the Pod. */
  readonly pods: Map<string, string>;
  readonly failures: Map<string, number>;
  synced: number;
}

/** With more at the same time, handshakes on a busy machine take so long that the first ones time out. */
const MAX_OPENING = 20;

let received: Received | undefined;
let changed = Promise.withResolvers<undefined>();
const clients: { close: () => void }[] = [];

function open(
  { port, serverName, ca }: Open,
  { node, cert, key, held = [] }: RawAgent,
  into: Received,
): void {
  const client = createFeedClient({ port, serverName, ca, identity: { cert, key } });
  const call = client.feed();
  let closed = false;
  call.on('error', (error: Error) => {
    if (!closed) changed.reject(error);
  });
  call.on('data', ({ pod, session, synced }: FeedUpdateRead) => {
    if (pod?.allow) into.pods.set(pod.uid, pod.allow.sessionId);
    if (session?.credentials) into.sessions.add(session.sessionId);
    if (session?.failure)
      into.failures.set(session.failure.reason, (into.failures.get(session.failure.reason) ?? 0) + 1);
    if (synced) into.synced++;
    changed.resolve(undefined);
    changed = Promise.withResolvers();
  });
  call.write({ nodeName: node, version: '0.1.0', heldSessions: [...held], interception: {} });
  clients.push({
    close() {
      closed = true;
      call.cancel();
      client.close();
    },
  });
}

async function until(holds: (received: Received) => boolean): Promise<number> {
  if (received === undefined) throw new Error('no stream is open');
  while (!holds(received)) await changed.promise;
  return performance.now() - received.startMs;
}

const calls = {
  /** Opens the streams, some at a time. Resolves to the milliseconds until all have their snapshots. */
  async open(streams: Open): Promise<number> {
    const into: Received = {
      startMs: performance.now(),
      synced: 0,
      sessions: new Set(),
      pods: new Map(),
      failures: new Map(),
    };
    received = into;
    for (const [index, agent] of streams.agents.entries()) {
      await until(({ synced }) => index - synced < MAX_OPENING);
      // The server limits connections by address.
      const relay = await startRelay({
        from: nodeAddress(index),
        to: { host: '127.0.0.1', port: streams.port },
      });
      clients.push({ close: () => void relay.close() });
      open({ ...streams, port: relay.port }, agent, into);
    }
    return until(({ synced }) => synced === streams.agents.length);
  },
  /** Resolves to the milliseconds from opening the streams until that many sessions have credentials. */
  sessions: (count: number) => until(({ sessions }) => sessions.size >= count),
  /** Resolves when the session of the Pod has credentials. */
  podSession: (uid: string) => until(({ pods, sessions }) => sessions.has(pods.get(uid) ?? '')),
  observed: () => ({
    sessionIds: [...(received?.sessions ?? [])],
    failures: Object.fromEntries(received?.failures ?? []),
  }),
  close(): void {
    for (const client of clients.splice(0)) client.close();
  },
};
export type StreamsCalls = typeof calls;
serveCalls(calls);

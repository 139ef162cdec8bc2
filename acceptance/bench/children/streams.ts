import { startRelay } from '@rolegate/sandbox';
import type { FeedUpdateRead, HeldSession } from '@rolegate/protocol';
import { nodeAddress } from '../cluster-objects.ts';
import { serveCalls } from '../../processes/serve-calls.ts';
import { createFeedClient } from '../../stand-ins/feed-client.ts';

/** An agent's stream without an agent. */
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

/** What has come on the streams since the first was opened. */
interface Arrived {
  readonly startMs: number;
  /** Sessions that have had credentials. */
  readonly sessions: Set<string>;
  /** By UID, the session that the Pod is allowed. */
  readonly pods: Map<string, string>;
  readonly failures: Map<string, number>;
  synced: number;
}

/** Who opens more at once waits so long for handshakes on a busy machine that the first give up. */
const MOST_OPENING = 20;

let arrived: Arrived | undefined;
let told = Promise.withResolvers<undefined>();
const clients: { close: () => void }[] = [];

function open({ port, serverName, ca }: Open, { node, cert, key, held = [] }: RawAgent, into: Arrived): void {
  const client = createFeedClient({ port, serverName, ca, identity: { cert, key } });
  const call = client.feed();
  let closed = false;
  call.on('error', (error: Error) => {
    if (!closed) told.reject(error);
  });
  call.on('data', ({ pod, session, synced }: FeedUpdateRead) => {
    if (pod?.allow) into.pods.set(pod.uid, pod.allow.sessionId);
    if (session?.credentials) into.sessions.add(session.sessionId);
    if (session?.failure)
      into.failures.set(session.failure.reason, (into.failures.get(session.failure.reason) ?? 0) + 1);
    if (synced) into.synced++;
    told.resolve(undefined);
    told = Promise.withResolvers();
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

async function until(holds: (arrived: Arrived) => boolean): Promise<number> {
  if (arrived === undefined) throw new Error('no stream is open');
  while (!holds(arrived)) await told.promise;
  return performance.now() - arrived.startMs;
}

const calls = {
  /** Opens a stream for each, some at a time; resolves when all have their snapshots, to the milliseconds that it took. */
  async open(streams: Open): Promise<number> {
    const into: Arrived = {
      startMs: performance.now(),
      synced: 0,
      sessions: new Set(),
      pods: new Map(),
      failures: new Map(),
    };
    arrived = into;
    for (const [index, agent] of streams.agents.entries()) {
      await until(({ synced }) => index - synced < MOST_OPENING);
      // The server bounds what comes from one address.
      const relay = await startRelay({
        from: nodeAddress(index),
        to: { host: '127.0.0.1', port: streams.port },
      });
      clients.push({ close: () => void relay.close() });
      open({ ...streams, port: relay.port }, agent, into);
    }
    return until(({ synced }) => synced === streams.agents.length);
  },
  /** Resolves when so many sessions have credentials, to the milliseconds since the streams were opened. */
  sessions: (count: number) => until(({ sessions }) => sessions.size >= count),
  /** Resolves when the Pod's session has credentials. */
  podSession: (uid: string) => until(({ pods, sessions }) => sessions.has(pods.get(uid) ?? '')),
  seen: () => ({
    sessionIds: [...(arrived?.sessions ?? [])],
    failures: Object.fromEntries(arrived?.failures ?? []),
  }),
  close(): void {
    for (const client of clients.splice(0)) client.close();
  },
};
export type StreamsCalls = typeof calls;
serveCalls(calls);

import type { SecureContext } from 'node:tls';
import { createBackoff, silentLog, systemClock } from '@rolegate/runtime';
import type { FeedUpdateRead } from '@rolegate/protocol';
import { applyUpdate } from '../../../packages/agent/src/feed/apply-update.ts';
import { createFeedClient } from '../../../packages/agent/src/feed/feed-client.ts';
import { createServerAddresses } from '../../../packages/agent/src/feed/server-addresses.ts';
import { createPodTable } from '../../../packages/agent/src/feed/table/pod-table.ts';
import { credentialsDocument } from '../../../packages/agent/src/imds-documents/credentials-document.ts';
import type { atMost } from '../../../packages/cli/src/cluster/at-most.ts';
import { connectAgent, prepareTls } from './agent-connection.ts';
import type { AgentConnection } from './agent-connection.ts';
import type { Observations } from './observations.ts';

/** As in the agent. */
const BACKOFF = { firstMs: 100, capMs: 5_000 };
const INTERCEPTION = { nat: true, filter: true, route: true, input: true };
/** Sessions that the Pods of a node ask for in ten seconds. */
const USED_SESSIONS = 5;

export interface SimulatedAgentOptions {
  readonly node: string;
  readonly from: string;
  readonly token: string;
  /** Ports of the servers' feeds. */
  readonly ports: readonly number[];
  readonly serverName: string;
  /** Limits how many agents connect at a time: they share one core. */
  readonly connecting: ReturnType<typeof atMost>;
  readonly observations: Observations;
}

export interface AttestOptions {
  /** PKCS #10, DER. */
  readonly certificateRequest: Buffer;
  /** PEM. */
  readonly key: string;
}

/** An agent without a node: the feed, the table of Pods and the certificate of a real one. */
export interface SimulatedAgent {
  /** Port of the server that feeds it; undefined while it has no feed. */
  readonly server: () => number | undefined;
  /** Streams that have begun. */
  readonly streams: () => number;
  /** The first certificate, from the attestation port. */
  readonly attest: (port: number, authorities: SecureContext, options: AttestOptions) => Promise<void>;
  /** A new certificate, over the feed. */
  readonly renew: (options: AttestOptions) => Promise<void>;
  /** Keeps a feed open. */
  readonly start: () => void;
  /** Sends what Pods have done since the last report. */
  readonly report: () => void;
  readonly cached: () => { readonly pods: number; readonly sessions: number };
  readonly stop: () => void;
}

export function createSimulatedAgent(options: SimulatedAgentOptions): SimulatedAgent {
  const { node, from, token, ports, serverName, connecting, observations } = options;
  const clock = systemClock;
  const log = silentLog;
  const stopped = new AbortController();
  let certified: SecureContext | undefined;
  let open: { readonly port: number; readonly connection: AgentConnection } | undefined;
  let streams = 0;
  let endTurn = (): void => undefined;
  const table = createPodTable({ clock, log });

  function connect(port: number, secureContext: SecureContext, attempted?: () => void): AgentConnection {
    return connectAgent({ port, from, serverName, secureContext, attempted });
  }

  const addresses = createServerAddresses({
    servers: ports.map((port) => ({ host: '127.0.0.1', port })),
    lookup: () => Promise.resolve([]),
    random: Math.random,
  });
  const feed = createFeedClient({
    addresses: {
      ...addresses,
      async next() {
        const [begun, ended] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
        void connecting(() => {
          begun.resolve(undefined);
          return ended.promise;
        });
        await begun.promise;
        endTurn = () => {
          ended.resolve(undefined);
        };
        return addresses.next();
      },
      get untried() {
        return addresses.untried;
      },
    },
    open({ port }) {
      if (certified === undefined) throw new Error('the agent has no certificate');
      const connection = connect(port, certified, endTurn);
      open = { port, connection };
      return { call: connection.feed(), close: connection.close };
    },
    firstReport: () => ({
      nodeName: node,
      version: '0.2.0',
      heldSessions: table.reportedSessions().map(({ id, ...held }) => ({ sessionId: id, ...held })),
      interception: INTERCEPTION,
      newestSeen: table.newestSeen(),
    }),
    beginSnapshot() {
      streams += 1;
      table.beginSnapshot();
    },
    forget: table.forget,
    apply(update: FeedUpdateRead) {
      applyUpdate(update, {
        table,
        clock,
        buildDocument: credentialsDocument,
        setTokenKeys: () => undefined,
      });
      observations.note(update, (id) => table.session(id)?.credentials !== undefined);
    },
    clockSkew: () => undefined,
    backoff: createBackoff(BACKOFF),
    clock,
    log,
  });

  async function request(
    connection: AgentConnection,
    { certificateRequest, key }: AttestOptions,
  ): Promise<void> {
    const { certificateChain, authorities } = await connection.attest({ token, certificateRequest });
    certified = prepareTls({
      cert: Buffer.from(certificateChain),
      key: Buffer.from(key),
      ca: Buffer.from(authorities),
    });
  }

  return {
    server: () => (feed.connected ? open?.port : undefined),
    streams: () => streams,
    async attest(port, authorities, attestOptions) {
      const connection = connect(port, authorities);
      try {
        await request(connection, attestOptions);
      } finally {
        connection.close();
      }
    },
    async renew(attestOptions) {
      if (open === undefined) throw new Error('the agent has no feed');
      await request(open.connection, attestOptions);
    },
    start() {
      void feed.run(stopped.signal);
    },
    report() {
      const sessions = table.cachedSessions().slice(0, USED_SESSIONS);
      for (const { id } of sessions) table.sessionAsked(id);
      feed.report({
        usedSessionIds: sessions.map(({ id }) => id),
        answersByReason: { '': 40, NoRole: 3 },
        firstDeliveries: [],
      });
    },
    cached: () => ({ pods: table.pods().length, sessions: table.cachedSessions().length }),
    stop() {
      stopped.abort();
    },
  };
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { SecureContext } from 'node:tls';
import { makeCertificateRequest, SERVER_NAME } from '@rolegate/sandbox';
import { atMost } from '../../../packages/cli/src/cluster/at-most.ts';
import { serveCalls } from '../../processes/serve-calls.ts';
import { nodeAddress, nodeName } from '../cluster-objects.ts';
import { connectAgent, prepareTls } from '../scale/agent-connection.ts';
import { createSimulatedAgent } from '../scale/agent.ts';
import type { SimulatedAgent } from '../scale/agent.ts';
import { sharedNowMs } from '../scale/monotonic.ts';
import { createObservations } from '../scale/observations.ts';

/** As often as real agents whose Pods have asked. Milliseconds. */
const REPORT_EVERY_MS = 10_000;
/** Agents that begin at the same time. Kubernetes starts those of a DaemonSet more slowly. */
const BEGINNING = 20;
const POLL_MS = 50;
/**
 * Handshakes of all agents at a time. Agents on nodes of their own would not slow each other down; here, without this limit,
 * each takes longer than a server waits for it.
 */
const CONNECTING = 256;
/** Before another attempt to get a certificate. Milliseconds. */
const RETRY_MS = 500;
const MOST_ATTEMPTS = 60;

interface Create {
  /** ServiceAccount tokens, one for each node. */
  readonly tokens: readonly string[];
  /** Of the servers. */
  readonly ports: readonly number[];
}

interface OpenBare {
  readonly port: number;
  /** PEM. */
  readonly ca: string;
  /** Of the first nodes. */
  readonly count: number;
}

interface Attest {
  /** The servers' attestation ports. */
  readonly ports: readonly number[];
  /** PEM. */
  readonly authorities: string;
}

const observations = createObservations();
const connecting = atMost(CONNECTING);
/** One for all agents: a server signs each request on its own. */
const { key, der: certificateRequest } = makeCertificateRequest();
let agents: readonly SimulatedAgent[] = [];
let reporting: NodeJS.Timeout | undefined;
const bare: { readonly close: () => void }[] = [];

/** Runs the act for each of the items, some at a time. Returns milliseconds. */
async function inTurn<Item>(
  items: readonly Item[],
  act: (item: Item, index: number) => Promise<void>,
): Promise<number> {
  const startMs = sharedNowMs();
  const rest = items.entries();
  const work = async () => {
    for (const [index, item] of rest) await act(item, index);
  };
  await Promise.all(Array.from({ length: BEGINNING }, work));
  return sharedNowMs() - startMs;
}

/** Tries again after a pause, as agents do. */
async function persist(act: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++)
    try {
      await act();
      return;
    } catch (error) {
      if (attempt === MOST_ATTEMPTS) throw error;
      await sleep(RETRY_MS);
    }
}

/** Reports of all agents, spread over the interval. */
function startReports(): NodeJS.Timeout {
  const startMs = sharedNowMs();
  let sent = 0;
  return setInterval(() => {
    const due = (agents.length * (sharedNowMs() - startMs)) / REPORT_EVERY_MS;
    for (; sent < due; sent++) agents[sent % agents.length]?.report();
  }, POLL_MS).unref();
}

/** Resolves when the server has answered. */
function openBareFeed(port: number, secureContext: SecureContext, index: number): Promise<void> {
  const from = nodeAddress(index);
  const connection = connectAgent({ port, from, serverName: SERVER_NAME, secureContext });
  bare.push(connection);
  const call = connection.feed();
  return new Promise((resolve, reject) => {
    call.on('error', reject);
    call.on('data', (update) => {
      resolve();
      observations.note(update, () => true);
    });
    call.write({ nodeName: nodeName(index), version: '0.2.0' });
  });
}

async function untilFed(agent: SimulatedAgent): Promise<void> {
  while (agent.server() === undefined) await sleep(POLL_MS);
}

/** Agents that must open another stream, and how many each had begun before. */
let awaited = new Map<SimulatedAgent, number>();
let awaitedSinceMs = 0;

/** Resolves when all have their snapshots from another stream, or time is up. Milliseconds since they were marked. */
async function recovered(
  withinMs: number,
): Promise<{ readonly tookMs: readonly number[]; readonly without: number }> {
  const tookMs: number[] = [];
  while (awaited.size > 0 && sharedNowMs() - awaitedSinceMs < withinMs) {
    await sleep(POLL_MS);
    for (const [agent, begun] of awaited) {
      if (agent.server() === undefined || agent.streams() === begun) continue;
      awaited.delete(agent);
      tookMs.push(sharedNowMs() - awaitedSinceMs);
    }
  }
  return { tookMs, without: awaited.size };
}

const calls = {
  /** Replaces agents that have been created before. */
  create({ tokens, ports }: Create): void {
    for (const agent of agents) agent.stop();
    clearInterval(reporting);
    agents = tokens.map((token, index) =>
      createSimulatedAgent({
        node: nodeName(index),
        from: nodeAddress(index),
        token,
        ports,
        serverName: SERVER_NAME,
        connecting,
        observations,
      }),
    );
    reporting = startReports();
  },
  /** First certificates. Returns milliseconds. */
  attest({ ports, authorities }: Attest): Promise<number> {
    const secureContext = prepareTls({ ca: Buffer.from(authorities) });
    return inTurn(agents, (agent, index) => {
      const port = ports[index % ports.length] ?? 0;
      return persist(() => agent.attest(port, secureContext, { certificateRequest, key }));
    });
  },
  /** New certificates over the feeds. Returns milliseconds. */
  renew: () => inTurn(agents, (agent) => persist(() => agent.renew({ certificateRequest, key }))),
  /** Opens the feeds, some at a time. Returns milliseconds until all have their snapshots. */
  start: () =>
    inTurn(agents, async (agent) => {
      agent.start();
      await untilFed(agent);
    }),
  /** Marks the agents of a server, or all: it is about to end. */
  mark(port: number | undefined): void {
    const marked = agents.filter((agent) => port === undefined || agent.server() === port);
    awaited = new Map(marked.map((agent) => [agent, agent.streams()]));
    awaitedSinceMs = sharedNowMs();
  },
  recovered,
  clear() {
    observations.clear();
  },
  observed: () => observations.take(),
  totals(): { readonly pods: number; readonly sessions: number } {
    let [pods, sessions] = [0, 0];
    for (const agent of agents) {
      const cached = agent.cached();
      pods += cached.pods;
      sessions += cached.sessions;
    }
    return { pods, sessions };
  },
  /** Opens feeds that only observe, for a server that does nothing. */
  openBare({ port, ca, count }: OpenBare): Promise<number> {
    const secureContext = prepareTls({ ca: Buffer.from(ca) });
    return inTurn(Array.from({ length: count }), (_, index) => openBareFeed(port, secureContext, index));
  },
  closeBare(): void {
    for (const connection of bare.splice(0)) connection.close();
  },
};
export type ScaleAgentsCalls = typeof calls;
serveCalls(calls);

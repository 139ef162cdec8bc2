import { setTimeout as sleep } from 'node:timers/promises';
import { makeCertificateRequest, SERVER_NAME } from '@rolegate/sandbox';
import { serveCalls } from '../../processes/serve-calls.ts';
import { nodeAddress, nodeName } from '../cluster-objects.ts';
import { connectAgent } from '../scale/agent-connection.ts';
import { createSimulatedAgent } from '../scale/agent.ts';
import type { SimulatedAgent } from '../scale/agent.ts';
import { sharedNowMs } from '../scale/monotonic.ts';
import { createObservations } from '../scale/observations.ts';

/** As often as real agents whose Pods have asked. Milliseconds. */
const REPORT_EVERY_MS = 10_000;
/** Agents that begin at the same time. Kubernetes starts those of a DaemonSet more slowly. */
const BEGINNING = 20;
const POLL_MS = 50;

interface Create {
  /** ServiceAccount tokens, one for each node. */
  readonly tokens: readonly string[];
  /** Of the servers. */
  readonly ports: readonly number[];
}

interface Attest {
  /** The servers' attestation ports. */
  readonly ports: readonly number[];
  /** PEM. */
  readonly authorities: string;
}

const observations = createObservations();
/** One for all agents: a server signs each request on its own. */
const { key, der: certificateRequest } = makeCertificateRequest();
let agents: readonly SimulatedAgent[] = [];
let reporting: NodeJS.Timeout | undefined;
let bare: readonly { readonly close: () => void }[] = [];

/** Runs the act for each of the agents, some at a time. Returns milliseconds. */
async function forEach(act: (agent: SimulatedAgent, index: number) => Promise<void>): Promise<number> {
  const startMs = sharedNowMs();
  const rest = agents.entries();
  const work = async () => {
    for (const [index, agent] of rest) await act(agent, index);
  };
  await Promise.all(Array.from({ length: BEGINNING }, work));
  return sharedNowMs() - startMs;
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
        observations,
      }),
    );
    let next = 0;
    reporting = setInterval(() => {
      const count = Math.ceil((agents.length * POLL_MS) / REPORT_EVERY_MS);
      for (let sent = 0; sent < count; sent++) agents[next++ % agents.length]?.report();
    }, POLL_MS).unref();
  },
  /** First certificates. Returns milliseconds. */
  attest: ({ ports, authorities }: Attest) =>
    forEach((agent, index) =>
      agent.attest(ports[index % ports.length] ?? 0, authorities, { certificateRequest, key }),
    ),
  /** New certificates over the feeds. Returns milliseconds. */
  renew: () => forEach((agent) => agent.renew({ certificateRequest, key })),
  /** Opens the feeds, some at a time. Returns milliseconds until all have their snapshots. */
  start: () =>
    forEach(async (agent) => {
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
  openBare({
    port,
    ca,
    count,
  }: {
    readonly port: number;
    readonly ca: string;
    readonly count: number;
  }): void {
    bare = Array.from({ length: count }, (_, index) => {
      const connection = connectAgent({
        port,
        from: nodeAddress(index),
        serverName: SERVER_NAME,
        tls: { ca: Buffer.from(ca) },
      });
      const call = connection.feed();
      call.on('error', () => undefined);
      call.on('data', (update) => {
        observations.note(update, () => true);
      });
      call.write({ nodeName: nodeName(index), version: '0.2.0' });
      return connection;
    });
  },
  closeBare(): void {
    for (const connection of bare) connection.close();
    bare = [];
  },
};
export type ScaleAgentsCalls = typeof calls;
serveCalls(calls);

import { eventually } from '@rolegate/testing';
import { parsedLine } from '../../processes/log-line.ts';
import { increase, readAgentMetrics } from '../agent-metrics.ts';
import { firstCredentials, problemOf } from '../first-credentials.ts';
import type { EndedPod } from '../first-credentials.ts';
import type { TestPods } from '../test-pods.ts';
import type { NodeWorld } from '../world.ts';
import { createConnectionWatcher } from './metadata-connections.ts';
import type { MetadataConnection } from './metadata-connections.ts';

/** The watcher prints a connection that was not closed after some seconds. */
const CONNECTIONS_WITHIN_MS = 20_000;

/** A Pod with what the node and the agent know of its requests. */
export interface RacePod extends EndedPod {
  readonly connections: readonly MetadataConnection[];
  /** What the agent took for the request that got the credentials, by its own log. Milliseconds. */
  readonly agentMs: number | undefined;
  /** Lines of the agent's log about refused requests of the Pod. */
  readonly refusals: readonly string[];
}

export interface Race {
  readonly pods: readonly RacePod[];
  /** Requests that the agent held, by outcome. */
  readonly held: string;
}

/** Starts Pods at the same time, and waits until each has its credentials or has failed. */
export async function runRace(
  world: NodeWorld,
  options: Parameters<TestPods['startMany']>[0],
): Promise<Race> {
  const { kubectl, installation, pods, node } = world;
  const [agent = ''] = await installation.pods('agent');
  const watcher = createConnectionWatcher({ kubectl, node: node.name });
  await watcher.start();
  try {
    const before = await readAgentMetrics(kubectl, agent);
    await pods.startMany(options);
    const ended = await firstCredentials(kubectl, options.count);
    const served = ended.filter((pod) => problemOf(pod) === undefined);
    const connections = await allConnections(watcher.read, served);
    const log = agentLines(await installation.logs(agent, 'agent', '--since=15m'));
    const after = await readAgentMetrics(kubectl, agent);
    await pods.removeMany();
    return {
      pods: ended.map((pod) => ({
        ...pod,
        connections: connections.filter(({ ip }) => ip === pod.ip),
        agentMs: log.find((line) => line.uid === pod.uid && line.first === true)?.durationMs,
        refusals: log
          .filter((line) => line.uid === pod.uid && line.reason !== undefined)
          .map((line) => line.text),
      })),
      held: increase([before, after], 'rolegate_holds_total').text,
    };
  } finally {
    await watcher.remove();
  }
}

/** Waits until all served Pods are among them, and returns what there is if that takes too long. */
async function allConnections(
  read: () => Promise<readonly MetadataConnection[]>,
  served: readonly EndedPod[],
): Promise<readonly MetadataConnection[]> {
  let seen: readonly MetadataConnection[] = [];
  const check = async () => {
    seen = await read();
    const ips = new Set(seen.map(({ ip }) => ip));
    if (!served.every(({ ip }) => ips.has(ip))) throw new Error('connections are missing');
  };
  await eventually(check, { withinMs: CONNECTIONS_WITHIN_MS, everyMs: 1_000 }).catch(() => undefined);
  return seen;
}

interface AgentLine {
  readonly text: string;
  readonly uid?: string;
  readonly first?: boolean;
  readonly reason?: string;
  readonly durationMs?: number;
}

function agentLines(log: string): AgentLine[] {
  return log
    .split('\n')
    .filter((text) => text.includes('"uid"'))
    .map((text) => ({ ...(parsedLine(text) as Omit<AgentLine, 'text'>), text }));
}

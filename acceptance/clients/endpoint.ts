import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@rolegate/testing';
import type { MetricSamples, World } from '@rolegate/testing';
import { readAgentMetric, readAgentMetrics } from '../netns/agent-metrics.ts';
import { prepareNodePrograms } from '../netns/node-programs.ts';
import type { NodePrograms } from '../netns/node-programs.ts';

const FLAG = '--container-credentials';
/** The roles of Pods are in accounts of their own, which the default ceiling excludes. */
const CEILING = ['--role-ceiling', 'arn:aws:iam::*:role/team/*'];
/** The agent serves the same page of metrics for a second. Milliseconds. */
const PAGE_MS = 1_100;
/** The agent gets the keys with the feed. */
const SERVES_SOON = { withinMs: 20_000, everyMs: 50 };

/** Answers to Pods. */
export interface AnswerCounts {
  readonly containerCredentials: number;
  /** The HTTP statuses of the endpoint for container credentials. */
  readonly statuses: readonly string[];
  readonly metadata: number;
}

export interface Counted<Result> {
  readonly result: Result;
  readonly answers: AnswerCounts;
}

/** The agent of the node, which answers Pods. */
export interface Endpoint {
  /** Performs the action and counts the answers in that time. */
  readonly counting: <Result>(action: () => Promise<Result>) => Promise<Counted<Result>>;
  /** Restarts the agent with these flags besides its own, and returns when it answers again. */
  readonly restartAgent: (flags?: readonly string[]) => Promise<void>;
}

export interface EndpointOptions {
  readonly folder: string;
  /** The command that enters the node. */
  readonly node: readonly string[];
  readonly kubeconfig: string;
  readonly cniDirectory: string;
  readonly onLine: (line: World['lines'][number]) => void;
}

/** Starts server, reconcile and agent, which serves container credentials. They end with the stack. */
export async function startEndpoint(
  { folder, node, onLine, ...sources }: EndpointOptions,
  stack: AsyncDisposableStack,
): Promise<Endpoint> {
  const ownFolder = join(folder, 'node');
  await mkdir(ownFolder);
  const programs = await prepareNodePrograms({
    ...sources,
    folder: ownFolder,
    enter: node,
    onLine: (program, line) => {
      onLine({ program, line });
    },
  });
  for (const program of [programs.start('server', CEILING), programs.start('reconcile', [FLAG])]) {
    stack.defer(program.stop);
    await program.ready();
  }
  let agent = await startAgent(programs);
  stack.defer(() => agent.stop());
  return {
    async counting(action) {
      const before = await readAgentMetrics({ programs });
      const result = await action();
      await sleep(PAGE_MS);
      return { result, answers: countAnswers(before, await readAgentMetrics({ programs })) };
    },
    async restartAgent(flags = []) {
      await agent.stop();
      agent = await startAgent(programs, flags);
    },
  };
}

async function startAgent(programs: NodePrograms, flags: readonly string[] = []) {
  const agent = programs.start('agent', [FLAG, ...flags]);
  await agent.ready();
  await eventually(() => expectServing(programs), SERVES_SOON);
  return agent;
}

async function expectServing(programs: NodePrograms): Promise<void> {
  const listening = await readAgentMetric({ programs }, 'rolegate_container_credentials_listening');
  const keys = await readAgentMetric({ programs }, 'rolegate_issuer_keys');
  if (listening !== 1 || keys === undefined || keys === 0)
    throw new Error(`the agent does not serve container credentials yet: ${String(keys)} keys`);
}

const REQUESTS = 'rolegate_requests_total';
const OF_ENDPOINT = /route="container-credentials".*status="(?<status>\d+)"/;

/** What was answered between two scrapes. */
export function countAnswers(before: MetricSamples, after: MetricSamples): AnswerCounts {
  const statuses = new Set<string>();
  let [containerCredentials, all] = [0, 0];
  for (const [sample, value] of after) {
    const answered = value - (before.get(sample) ?? 0);
    if (!sample.startsWith(REQUESTS) || answered === 0) continue;
    all += answered;
    const status = OF_ENDPOINT.exec(sample)?.groups?.['status'];
    if (status === undefined) continue;
    containerCredentials += answered;
    statuses.add(status);
  }
  return { containerCredentials, statuses: [...statuses], metadata: all - containerCredentials };
}

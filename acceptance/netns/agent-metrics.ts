import { eventually, metricSamples } from '@rolegate/testing';
import type { MetricSamples } from '@rolegate/testing';
import type { NodePrograms } from './node-programs.ts';

/** Repaired on the kernel event, or after 30 s at the latest. */
export const REPAIRED = { withinMs: 40_000, everyMs: 200 };

interface OfAgent {
  readonly programs: Pick<NodePrograms, 'agentOps'>;
}

/** Scrapes the agent's /metrics. Rejects if there is no answer. */
export async function readAgentMetrics({ programs }: OfAgent): Promise<MetricSamples> {
  const text = await programs.agentOps('/metrics');
  if (text === '') throw new Error("the agent's /metrics does not answer");
  return metricSamples(text);
}

/** The value of a gauge or counter without labels, or of one sample of it. Undefined if there is none. */
export async function readAgentMetric(world: OfAgent, sample: string): Promise<number | undefined> {
  return (await readAgentMetrics(world)).get(sample);
}

export const repairsOf = (layer: string): string => `rolegate_interception_repairs_total{layer="${layer}"}`;

/** How often the layer has been repaired. */
export async function countRepairs(world: OfAgent, layer: string): Promise<number> {
  return (await readAgentMetric(world, repairsOf(layer))) ?? 0;
}

/** Waits until the layer has been repaired more often than `before`. Returns how long that took. Milliseconds. */
export async function untilRepaired(world: OfAgent, layer: string, before: number): Promise<number> {
  const startMs = Date.now();
  await eventually(async () => {
    const now = await countRepairs(world, layer);
    if (now <= before) throw new Error(`${repairsOf(layer)} is still ${now}`);
  }, REPAIRED);
  return Date.now() - startMs;
}

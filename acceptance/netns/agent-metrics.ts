import { metricSamples } from '@rolegate/testing';
import type { MetricSamples } from '@rolegate/testing';
import type { NodePrograms } from './node-programs.ts';

/** Of the agent's /metrics. Rejects if they do not answer. */
export async function readAgentMetrics({ agentOps }: Pick<NodePrograms, 'agentOps'>): Promise<MetricSamples> {
  const text = await agentOps('/metrics');
  if (text === '') throw new Error("the agent's /metrics do not answer");
  return metricSamples(text);
}

export const repairsOf = (layer: string): string => `rolegate_interception_repairs_total{layer="${layer}"}`;

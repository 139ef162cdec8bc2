import { metricSamples } from '@rolegate/testing';
import type { MetricSamples } from '@rolegate/testing';
import { NAMESPACE } from './installation.ts';
import type { Kubectl } from './kubectl.ts';

/** The agent's metrics, through the API server, which reaches every node. */
export async function agentMetrics(kubectl: Kubectl, pod: string): Promise<MetricSamples> {
  const path = `/api/v1/namespaces/${NAMESPACE}/pods/${pod}:9621/proxy/metrics`;
  return metricSamples(await kubectl.call(['get', '--raw', path]));
}

/** What the counters of that name gained between two scrapes, by their labels, and in all. */
export function growth([before, after]: readonly [MetricSamples, MetricSamples], name: string) {
  const gains = [...after]
    .filter(([sample]) => sample.split('{', 1)[0] === name)
    .map(([sample, value]) => [sample.slice(name.length), value - (before.get(sample) ?? 0)] as const)
    .filter(([, gain]) => gain > 0);
  return {
    total: gains.reduce((sum, [, gain]) => sum + gain, 0),
    text: gains.map(([labels, gain]) => `${gain} ${labels}`).join(', ') || 'none',
  };
}

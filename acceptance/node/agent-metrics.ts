import { metricSamples } from '@rolegate/testing';
import type { MetricSamples } from '@rolegate/testing';
import { NAMESPACE } from './installation.ts';
import type { Kubectl } from './kubectl.ts';

/** Reads the agent's metrics through the proxy of the API server. */
export async function readAgentMetrics(kubectl: Kubectl, pod: string): Promise<MetricSamples> {
  const path = `/api/v1/namespaces/${NAMESPACE}/pods/${pod}:9621/proxy/metrics`;
  return metricSamples(await kubectl.call(['get', '--raw', path]));
}

/** The increase of a counter between two scrapes, in total and by labels. */
export function increase([before, after]: readonly [MetricSamples, MetricSamples], name: string) {
  const gains = [...after]
    .filter(([sample]) => sample.split('{', 1)[0] === name)
    .map(([sample, value]) => [sample.slice(name.length), value - (before.get(sample) ?? 0)] as const)
    .filter(([, gain]) => gain > 0);
  return {
    total: gains.reduce((sum, [, gain]) => sum + gain, 0),
    text: gains.map(([labels, gain]) => `${gain} ${labels}`).join(', ') || 'none',
  };
}

import { NAMESPACE } from './installation.ts';
import type { Kubectl } from './kubectl.ts';

/** Every sample of one scrape, by `name{labels}`. */
export type Samples = ReadonlyMap<string, number>;

/** The agent's metrics, through the API server, which reaches every node. */
export async function agentMetrics(kubectl: Kubectl, pod: string): Promise<Samples> {
  const path = `/api/v1/namespaces/${NAMESPACE}/pods/${pod}:9621/proxy/metrics`;
  const samples = new Map<string, number>();
  for (const line of (await kubectl.call(['get', '--raw', path])).split('\n')) {
    const match = /^([^# ]\S*) (\S+)$/.exec(line);
    if (match?.[1] !== undefined) samples.set(match[1], Number(match[2]));
  }
  return samples;
}

/** What the counters of that name gained between two scrapes, by their labels, and in all. */
export function growth([before, after]: readonly [Samples, Samples], name: string) {
  const gains = [...after]
    .filter(([sample]) => sample.split('{', 1)[0] === name)
    .map(([sample, value]) => [sample.slice(name.length), value - (before.get(sample) ?? 0)] as const)
    .filter(([, gain]) => gain > 0);
  return {
    total: gains.reduce((sum, [, gain]) => sum + gain, 0),
    text: gains.map(([labels, gain]) => `${gain} ${labels}`).join(', ') || 'none',
  };
}

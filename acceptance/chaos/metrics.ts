import { metricSamples, sumOfSamples } from '@rolegate/testing';

/** The sum of a metric's matching samples over several ops ports. */
export async function sumOfMetric(ports: readonly number[], name: string, labels = /^/): Promise<number> {
  const texts = await Promise.all(
    ports.map(async (port) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()),
  );
  return texts.reduce((sum, text) => sum + sumOfSamples(metricSamples(text), name, labels), 0);
}

import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';

/** A gauge whose value is read at each scrape; undefined: no value now. */
export function readGauge(
  registry: Registry,
  name: string,
  help: string,
  value: () => number | undefined,
): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      const now = value();
      if (now === undefined) this.remove();
      else this.set(now);
    },
  });
}

/** The same with one label: one value for each key. */
export function readGauges(
  registry: Registry,
  name: string,
  help: string,
  label: string,
  values: () => Readonly<Record<string, number>>,
): void {
  new Gauge({
    name,
    help,
    labelNames: [label],
    registers: [registry],
    collect() {
      this.reset();
      for (const [key, now] of Object.entries(values())) this.set({ [label]: key }, now);
    },
  });
}

/** A counter whose value is read at each scrape. */
export function readCounter(registry: Registry, name: string, help: string, value: () => number): void {
  const grown = createGrowth();
  new Counter({
    name,
    help,
    registers: [registry],
    collect() {
      this.inc(grown(value()));
    },
  });
}

/** How much a count has grown since the last time. A lower count is one that has begun again at zero. */
export function createGrowth(): (now: number) => number {
  let before = 0;
  return (now) => {
    const grown = now >= before ? now - before : now;
    before = now;
    return grown;
  };
}

import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { labelCombinations, onlyLabel, rowOf } from './table.ts';
import type { MetricTable } from './table.ts';

/** The names of one type in a table. */
export type NamesOf<Table extends MetricTable, Type extends string> = {
  [Name in keyof Table]: Table[Name] extends { readonly type: Type } ? Name : never;
}[keyof Table] &
  string;

type LabelsOf<Table extends MetricTable, Name extends keyof Table> = keyof Table[Name]['labels'] & string;

/** Creates the metrics of a table in their own registry, each when it is first used. */
export interface Meters<Table extends MetricTable> {
  readonly registry: Registry;
  /** `collect` is called at each scrape. */
  readonly counter: <Name extends NamesOf<Table, 'counter'>>(
    name: Name,
    collect?: (counter: Counter<LabelsOf<Table, Name>>) => void,
  ) => Counter<LabelsOf<Table, Name>>;
  readonly gauge: <Name extends NamesOf<Table, 'gauge'>>(name: Name) => Gauge<LabelsOf<Table, Name>>;
  readonly histogram: <Name extends NamesOf<Table, 'histogram'>>(
    name: Name,
  ) => Histogram<LabelsOf<Table, Name>>;
  /** Returns a function that increments a counter without labels. `times` defaults to 1. */
  readonly count: (name: NamesOf<Table, 'counter'>) => (times?: number) => void;
  /** Returns a function that increments a counter by the value of its only label. `times` defaults to 1. */
  readonly countBy: (name: NamesOf<Table, 'counter'>) => (value: string, times?: number) => void;
  /** A gauge that is read at each scrape. Undefined leaves it out. */
  readonly readGauge: (name: NamesOf<Table, 'gauge'>, value: () => number | undefined) => void;
  /** A gauge with one label that is read at each scrape: one value per key. */
  readonly readGauges: (
    name: NamesOf<Table, 'gauge'>,
    values: () => Readonly<Record<string, number>>,
  ) => void;
  /** A counter that is read at each scrape. */
  readonly readCounter: (name: NamesOf<Table, 'counter'>, value: () => number) => void;
}

export function createMeters<Table extends MetricTable>(table: Table): Meters<Table> {
  const registry = new Registry();

  function declared<Name extends keyof Table & string>(name: Name) {
    const { help, labels } = rowOf(table, name);
    return { name, help, labelNames: Object.keys(labels) as LabelsOf<Table, Name>[], registers: [registry] };
  }

  const counter: Meters<Table>['counter'] = (name, collect) => {
    const created = new Counter({
      ...declared(name),
      ...(collect && {
        collect() {
          collect(this);
        },
      }),
    });
    for (const labels of labelCombinations(rowOf(table, name))) created.inc(labels, 0);
    return created;
  };

  return {
    registry,
    counter,
    gauge: (name) => new Gauge(declared(name)),
    histogram: (name) =>
      new Histogram({ ...declared(name), buckets: [...(rowOf(table, name).buckets ?? [])] }),
    count(name) {
      const counted = counter(name);
      return (times = 1) => {
        counted.inc(times);
      };
    },
    countBy(name) {
      const counted: Counter = counter(name);
      const label = onlyLabel(table, name);
      return (value, times = 1) => {
        counted.inc({ [label]: value }, times);
      };
    },
    ...createReadMetrics(table, declared),
  };
}

function createReadMetrics<Table extends MetricTable>(
  table: Table,
  declared: (name: keyof Table & string) => ConstructorParameters<typeof Gauge>[0],
): Pick<Meters<Table>, 'readGauge' | 'readGauges' | 'readCounter'> {
  return {
    readGauge(name, value) {
      new Gauge({
        ...declared(name),
        collect() {
          const now = value();
          if (now === undefined) this.remove();
          else this.set(now);
        },
      });
    },
    readGauges(name, values) {
      const label = onlyLabel(table, name);
      new Gauge({
        ...declared(name),
        collect() {
          this.reset();
          for (const [key, now] of Object.entries(values())) this.set({ [label]: key }, now);
        },
      });
    },
    readCounter(name, value) {
      const grown = createGrowth();
      new Counter({
        ...declared(name),
        collect() {
          this.inc(grown(value()));
        },
      });
    },
  };
}

/** Returns how much a count has grown since the last call. A lower count has restarted at zero. */
export function createGrowth(): (now: number) => number {
  let before = 0;
  return (now) => {
    const grown = now >= before ? now - before : now;
    before = now;
    return grown;
  };
}

import { describe, expect, it } from 'vitest';
import { createMeters, metricsDoc } from '@rolegate/runtime';
import type { MetricTable } from '@rolegate/runtime';

const table = {
  cups_total: {
    type: 'counter',
    labels: { of: ['tea', 'coffee'], size: [] },
    help: 'Cups.',
    meaning: 'cups',
    worry: 'none',
  },
  sips_total: {
    type: 'counter',
    labels: { by: '("" for nobody)' },
    help: 'Sips.',
    meaning: 'sips',
    worry: 'many',
  },
  kettles: { type: 'gauge', labels: {}, help: 'Kettles.', meaning: 'kettles', worry: '0' },
  kettle_litres: { type: 'gauge', labels: { kettle: [] }, help: 'Water.', meaning: 'water', worry: 'empty' },
} satisfies MetricTable;

async function lines({ registry }: Pick<ReturnType<typeof createMeters>, 'registry'>): Promise<string[]> {
  return (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('# TYPE'));
}

describe('Meters', () => {
  it('A counter counts by its label, by one or by a given number', async () => {
    const meters = createMeters(table);
    const sips = meters.countBy('sips_total');
    sips('me');
    sips('me', 2);
    sips('nobody', 0);
    expect(await lines(meters)).toEqual([
      '# HELP sips_total Sips.',
      'sips_total{by="me"} 3',
      'sips_total{by="nobody"} 0',
    ]);
  });

  it('A counter whose labels all have lists of values starts at 0 for each combination', async () => {
    const spoons = {
      spoons_total: {
        type: 'counter',
        labels: { of: ['tea', 'coffee'], size: ['big'] },
        help: 'Spoons.',
        meaning: 'spoons',
        worry: 'none',
      },
    } satisfies MetricTable;
    const meters = createMeters(spoons);
    meters.counter('spoons_total').inc({ of: 'coffee', size: 'big' });
    expect(await lines(meters)).toEqual([
      '# HELP spoons_total Spoons.',
      'spoons_total{of="tea",size="big"} 0',
      'spoons_total{of="coffee",size="big"} 1',
    ]);
  });

  it('A gauge without a value is absent from the scrape', async () => {
    const meters = createMeters(table);
    let kettles: number | undefined = 1;
    let litres: Record<string, number> = { big: 2 };
    meters.readGauge('kettles', () => kettles);
    meters.readGauges('kettle_litres', () => litres);
    expect(await lines(meters)).toEqual([
      '# HELP kettles Kettles.',
      'kettles 1',
      '# HELP kettle_litres Water.',
      'kettle_litres{kettle="big"} 2',
    ]);
    kettles = undefined;
    litres = {};
    expect(await lines(meters)).toEqual(['# HELP kettles Kettles.', '# HELP kettle_litres Water.']);
  });

  it('Counting by the only label of a metric that has two throws', () => {
    expect(() => createMeters(table).countBy('cups_total')).toThrow(
      'metric cups_total must have exactly one label',
    );
  });

  it('The metrics table is described as a Markdown table', () => {
    expect(metricsDoc(table).split('\n')).toEqual([
      '| name            | type    | labels                    | meaning | when to worry |',
      '| --------------- | ------- | ------------------------- | ------- | ------------- |',
      '| `cups_total`    | counter | `of`: tea, coffee; `size` | cups    | none          |',
      '| `sips_total`    | counter | `by` ("" for nobody)      | sips    | many          |',
      '| `kettles`       | gauge   | none                      | kettles | 0             |',
      '| `kettle_litres` | gauge   | `kettle`                  | water   | empty         |',
    ]);
  });
});

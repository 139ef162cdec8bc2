import { describe, expect, it } from 'vitest';
import { seriesColor, thresholdColor, tintOf } from '../panels/colors.ts';
import { fieldOptionsOf } from '../panels/panel.ts';
import { formatValue, runTime } from '../panels/units.ts';

describe('Values of panels', () => {
  it.each([
    ['s', 0, '0 s'],
    ['s', 0.00032, '320 µs'],
    ['s', 90, '1.5 mins'],
    ['s', -5400, '-1.5 hours'],
    ['s', 31_536_000, '1 years'],
    ['short', 1234, '1.23 K'],
    ['short', 0.333333, '0.333'],
    ['reqps', 12, '12 req/s'],
    ['suffix:/min', 7.5, '7.5/min'],
  ])('A value of the unit %s is written as in Grafana: %d is %s', (unit, value, text) => {
    expect(formatValue(value, { unit })).toBe(text);
  });

  it('Times of the run are minutes and seconds', () => {
    expect([0, 65, 600].map(runTime)).toEqual(['0:00', '1:05', '10:00']);
  });

  it('A mapped value is written as its text', () => {
    const mappings = [{ type: 'value', options: { '0': { text: 'rejected' } } }];
    expect(formatValue(0, { mappings })).toBe('rejected');
    expect(formatValue(1, { mappings })).toBe('1');
  });

  it('A unit that the page does not know is an error', () => {
    expect(() => formatValue(1, { unit: 'bytes' })).toThrow('the page does not know the unit bytes');
  });
});

describe('Options of a series', () => {
  const config = {
    defaults: { unit: 'short', custom: { lineWidth: 1 } },
    overrides: [
      {
        matcher: { id: 'byName', options: 'ok' },
        properties: [{ id: 'custom.fillOpacity', value: 20 }],
      },
      { matcher: { id: 'byRegexp', options: '/^5/' }, properties: [{ id: 'unit', value: 's' }] },
    ],
  };

  it('Overrides apply to the series that they match, and keep the other options', () => {
    expect(fieldOptionsOf(config, { name: 'ok', refId: 'A' })).toEqual({
      unit: 'short',
      custom: { lineWidth: 1, fillOpacity: 20 },
    });
    expect(fieldOptionsOf(config, { name: '503 x', refId: 'A' }).unit).toBe('s');
    expect(fieldOptionsOf(config, { name: '450', refId: 'A' })).toEqual(config.defaults);
  });
});

describe('Colors', () => {
  it('The color of a threshold is that of the highest step that the value reaches', () => {
    const steps = [
      { color: 'red', value: null },
      { color: 'orange', value: 600 },
      { color: 'green', value: 1500 },
    ];
    expect([599, 600, 1500].map((value) => thresholdColor(steps, value))).toEqual([
      '#f2495c',
      '#ff9830',
      '#73bf69',
    ]);
  });

  it('Series get the colors of the palette in order, or shades of a given color', () => {
    expect([0, 1].map((nth) => seriesColor({}, nth))).toEqual(['#73bf69', '#f2cc0c']);
    const color = { mode: 'shades', fixedColor: 'red' };
    expect(seriesColor({ color }, 0)).toBe('#f2495c');
    expect(seriesColor({ color }, 1)).not.toBe('#f2495c');
  });

  it('A tint is the color on white', () => {
    expect(tintOf('#000000', 20)).toBe('#cccccc');
  });
});

import { describe, expect, it } from 'vitest';
import type { AlertFault } from '../alerts/fault.ts';
import { firedAlerts, unexplainedAlerts } from '../alerts/judge.ts';
import type { Chapter } from '../alerts/rules/runbook.ts';
import { updated } from '../alerts/world/alert-log.ts';
import type { Firing } from '../alerts/world/alert-log.ts';

const fault: AlertFault = { title: 'a fault', alerts: ['One'], inject: () => () => undefined };
const other: AlertFault = { ...fault, alerts: ['Three'] };
const chapter = (alert: string, ...links: string[]): [string, Chapter] => [
  alert,
  { alert, means: '', do: '', links },
];
const firing = (alert: string, firedAtMs: number, endedAtMs?: number): Firing => ({
  alert,
  labels: { alertname: alert },
  annotations: {},
  firedAtMs,
  endedAtMs,
});

describe('Alerts during a fault', () => {
  it('An alert that links lead to from that of the fault, by way of alerts that fired, is explained', () => {
    const chapters = new Map([
      chapter('One', 'Two'),
      chapter('Two'),
      chapter('Three', 'Two'),
      chapter('Four'),
    ]);
    expect(unexplainedAlerts([fault], ['One', 'Two', 'Three', 'Four', 'Four'], chapters)).toEqual([
      'Four also fires, and the runbook does not link it with One',
    ]);
    expect(unexplainedAlerts([fault], ['One', 'Three'], chapters)).toEqual([
      'Three also fires, and the runbook does not link it with One',
    ]);
  });

  it('The times of an alert count from the start and the end of the fault, without alerts of faults at the same time', () => {
    const seen = [
      firing('One', 5_000, 6_000),
      firing('Two', 5_500, 9_000),
      firing('One', 7_000, 12_000),
      firing('Three', 8_000, 9_000),
    ];
    expect(firedAlerts([fault, other], fault, { startMs: 1_000, endMs: 10_000, seen })).toEqual([
      expect.objectContaining({ alert: 'One', firedAfterMs: 4_000, endedAfterMs: 2_000, alsoFired: ['Two'] }),
    ]);
  });

  it('An alert that has not ended is an error', () => {
    const run = { startMs: 0, endMs: 1, seen: [firing('One', 1)] };
    expect(() => firedAlerts([fault], fault, run)).toThrow('One has not ended');
  });
});

describe('Log of alerts', () => {
  it('A firing alert is logged once, until Prometheus no longer has it, and pending ones are not', () => {
    const alert = (alertname: string, state: 'pending' | 'firing') => ({
      labels: { alertname },
      annotations: { summary: alertname },
      state,
      activeAt: '',
      value: '1',
    });
    let log = updated([], [alert('One', 'firing'), alert('Two', 'pending')], 1);
    log = updated(log, [alert('One', 'firing')], 2);
    log = updated(log, [], 3);
    log = updated(log, [alert('One', 'firing')], 4);
    expect(log.map(({ alert: name, firedAtMs, endedAtMs }) => [name, firedAtMs, endedAtMs])).toEqual([
      ['One', 1, 3],
      ['One', 4, undefined],
    ]);
  });
});

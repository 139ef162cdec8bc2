import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { clusterPlans } from '../alerts/clusters.ts';
import { promtoolOnly } from '../alerts/promtool-only.ts';
import type { RuleGroup } from '../alerts/rules/shorten.ts';

const inCharts = ['server', 'agent'].flatMap((chart) => {
  const text = readFileSync(new URL(`../../../charts/${chart}/files/alerts.yaml`, import.meta.url), 'utf8');
  const { groups } = parse(text) as { groups: RuleGroup[] };
  return groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
});
const provoked = clusterPlans.flatMap(({ rounds }) => rounds.flat().flatMap(({ alerts }) => alerts));

describe('Alerts of the charts', () => {
  it('Each alert is provoked by a fault, or listed with the reason why only promtool tests it', () => {
    const listed = [...new Set([...provoked, ...Object.keys(promtoolOnly)])];
    expect(listed.sort()).toEqual([...inCharts].sort());
  });

  it('No alert that a fault provokes is listed as tested by promtool only', () => {
    expect(Object.keys(promtoolOnly).filter((alert) => provoked.includes(alert))).toEqual([]);
  });
});

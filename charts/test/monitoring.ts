import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { chartFolder, chartNames, root } from './rendering.ts';

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly refId: string; readonly expr: string; readonly interval?: string }[];
  readonly description?: string;
  readonly fieldConfig?: { readonly defaults: FieldDefaults };
}

interface FieldDefaults {
  readonly thresholds?: { readonly steps: readonly { readonly value: number | null }[] };
  readonly custom?: { readonly thresholdsStyle?: object };
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
  readonly panels: readonly Panel[];
}

export const alertFiles = chartNames.map((chart) => join(chartFolder(chart), 'files/alerts.yaml'));

export const alerts: readonly Alert[] = alertFiles.flatMap((file) => {
  const { groups } = parse(readFileSync(file, 'utf8')) as { groups: { rules: Alert[] }[] };
  return groups.flatMap(({ rules }) => rules);
});

export const dashboard = JSON.parse(
  readFileSync(join(chartFolder('server'), 'files/dashboard.json'), 'utf8'),
) as Dashboard;

export const runbook = readFileSync(join(root, 'docs/runbook.md'), 'utf8');

/** Every dashboard query, with Grafana's variables replaced. */
export function dashboardQueries(): { title: string; expr: string }[] {
  return dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({
      title,
      expr: expr.replaceAll('$__rate_interval', '5m').replaceAll('$namespace', '.*'),
    })),
  );
}

/** The limits that panels draw as lines. */
export function drawnLimits(): { title: string; exprs: string[]; limit: number }[] {
  return dashboard.panels.flatMap(({ title, targets = [], fieldConfig }) => {
    const { thresholds, custom } = fieldConfig?.defaults ?? {};
    if (custom?.thresholdsStyle === undefined) return [];
    const limits = (thresholds?.steps ?? []).flatMap(({ value }) => value ?? []);
    return limits.map((limit) => ({ title, exprs: targets.map(({ expr }) => expr), limit }));
  });
}

/** The names of our metrics in an expression, histograms without their suffix. */
export function metricsIn(expr: string): string[] {
  const names = expr.match(/\brolegate_[a-z0-9_]+/g) ?? [];
  return names.map((name) => name.replace(/_(bucket|sum|count)$/, ''));
}

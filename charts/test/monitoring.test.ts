import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { MetricTable } from '@rolegate/runtime';
import { findProgram } from '@rolegate/testing';
import { agentMetrics } from '../../packages/agent/src/metrics/table.ts';
import { serverMetrics } from '../../packages/server/src/metrics/table.ts';
import {
  alertFiles,
  alerts,
  dashboard,
  dashboardQueries,
  drawnLimits,
  metricsIn,
  runbook,
} from './monitoring.ts';
import { run } from './run-program.ts';
import { chartFolder, root } from './rendering.ts';

type MetricRow = MetricTable[string];

const promtool = findProgram({ name: 'promtool', variable: 'PROMTOOL' });
const withPromtool = promtool === undefined ? describe.skip : describe;
const tests = join(root, 'charts/test/alerts.test.yaml');
const rows = alerts.map((alert) => ({ ...alert, name: alert.alert }));

describe('Alerts', () => {
  it.each(rows)(
    'The alert $name has a severity, a summary, a description and a runbook link',
    ({ labels, annotations, name }) => {
      expect(['critical', 'warning', 'info']).toContain(labels['severity']);
      expect(annotations['summary']).toMatch(/^[A-Z].*[^.]$/);
      expect(annotations['description']).toMatch(/\.$/);
      expect(annotations['runbook_url']).toMatch(new RegExp(`/docs/runbook\\.md#${name.toLowerCase()}$`));
    },
  );

  it('Each alert has a chapter in the runbook: what it means, how to confirm it and what to do', () => {
    const chapters = new Map(
      runbook
        .split(/^### /m)
        .slice(1)
        .map((chapter) => [/^.*/.exec(chapter)?.[0] ?? '', chapter]),
    );
    expect([...chapters.keys()].sort()).toEqual(rows.map(({ name }) => name).sort());
    const words = ['Means', 'Confirm', 'Do'];
    for (const [name, chapter] of chapters)
      expect({ name, words: words.filter((word) => !chapter.includes(`- **${word}**:`)) }).toEqual({
        name,
        words: [],
      });
  });

  it.each(rows)('The alert $name is tested by promtool', ({ name }) => {
    expect(readFileSync(tests, 'utf8')).toContain(`alertname="${name}"`);
  });
});

describe('Metrics', () => {
  const exported = exportedMetrics();
  const asked = [...rows.map(({ name, expr }) => ({ title: name, expr })), ...dashboardQueries()];

  it.each(asked)('The metrics that $title queries are exported', ({ expr }) => {
    expect(metricsIn(expr).length).toBeGreaterThan(0);
    expect(metricsIn(expr).filter((name) => !exported.has(name))).toEqual([]);
  });

  // rate() and increase() miss the first value of a series. Answers never stop, so their first one does not matter.
  it('Every counter on the dashboard or in an alert but that of answers lists its label values, and so starts at 0', () => {
    const used = new Set(asked.flatMap(({ expr }) => metricsIn(expr)));
    const unlisted = [agentMetrics, serverMetrics]
      .flatMap((table): [string, MetricRow][] => Object.entries(table))
      .filter(([name, { type }]) => type === 'counter' && used.has(name))
      .filter(([, { labels }]) => Object.values(labels).some((values) => !isList(values)))
      .map(([name]) => name);
    expect(unlisted).toEqual(['rolegate_requests_total']);
  });

  it('All exported metrics but two are on the dashboard or in an alert', () => {
    const shown = new Set(dashboardQueries().flatMap(({ expr }) => metricsIn(expr)));
    const hidden = ['rolegate_watch_events_total', 'rolegate_agent_answers_total'];
    const seen = [...exported].filter((name) => !shown.has(name) && !hidden.includes(name));
    const alerted = new Set(rows.flatMap(({ expr }) => metricsIn(expr)));
    expect(seen.filter((name) => !alerted.has(name))).toEqual([]);
  });
});

describe('Dashboard', () => {
  it('The panels of the dashboard have unique IDs, do not overlap and use the selected data source', () => {
    const { panels, templating } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      expect(x + w).toBeLessThanOrEqual(24);
      return Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`);
    });
    expect(new Set(cells).size).toBe(cells.length);
    const [first] = templating.list;
    expect(first).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' });
    for (const { type, title, datasource, targets } of panels.filter(({ type }) => type !== 'row')) {
      expect({ title, type, uid: datasource?.uid }).toEqual({
        title,
        uid: '${datasource}',
        type: expect.stringMatching(/^(timeseries|stat)$/),
      });
      expect(targets?.length).toBeGreaterThan(0);
    }
  });
});

describe('Panels', () => {
  const panels = dashboard.panels.filter(({ type }) => type !== 'row');

  it.each(panels)('The panel "$title" has a description', ({ description }) => {
    expect(description).toMatch(/^[A-Z0-9].*\.$/);
  });

  it('Panels have different titles', () => {
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
  });

  // Otherwise Grafana assumes a scrape every 15 s, and a rate can have too few values.
  it('The smallest step of every query is the scrape interval of the agent chart', () => {
    const values = parse(readFileSync(join(chartFolder('agent'), 'values.yaml'), 'utf8')) as {
      podMonitor: { interval: string };
    };
    const steps = panels.flatMap(({ targets = [] }) => targets.map(({ interval }) => interval));
    expect(new Set(steps)).toEqual(new Set([values.podMonitor.interval]));
  });

  // No alert is about response times: DESIGN.md 4.2 sets how long requests are held.
  it.each(drawnLimits().filter(({ title }) => title !== 'Response time'))(
    'The limit $limit that the panel "$title" draws is that of an alert',
    ({ exprs, limit }) => {
      const [metric = ''] = exprs.flatMap(metricsIn);
      const compared = rows.filter(({ expr }) => expr.includes(metric)).map(({ expr }) => expr);
      expect(compared.some((expr) => new RegExp(`[<>] ${limit}\\b`).test(expr))).toBe(true);
    },
  );
});

withPromtool('Promtool (if installed)', () => {
  it.each(alertFiles)('Promtool accepts the rules in %s', (file) => {
    expect(said(['check', 'rules', file])).toMatchObject({ code: 0 });
  });

  it('The alerts fire and stay quiet as the promtool tests expect', () => {
    expect(said(['test', 'rules', tests])).toMatchObject({ code: 0 });
  });

  it('Promtool accepts every query of the dashboard', () => {
    const rules = dashboardQueries().map(({ expr }, index) => ({ record: `query:${index}`, expr }));
    const folder = mkdtempSync(join(tmpdir(), 'rolegate-dashboard-'));
    try {
      const file = join(folder, 'queries.yaml');
      writeFileSync(file, stringify({ groups: [{ name: 'dashboard', rules }] }));
      expect(said(['check', 'rules', file])).toMatchObject({ code: 0 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

function said(args: readonly string[]) {
  const { code, stdout, stderr } = run(promtool ?? '', args);
  return { code, said: code === 0 ? '' : `${stdout}${stderr}` };
}

function isList(values: readonly string[] | string): boolean {
  return typeof values !== 'string' && values.length > 0;
}

/** Names of the metrics of both programs. */
function exportedMetrics(): Set<string> {
  return new Set([agentMetrics, serverMetrics].flatMap((table) => Object.keys(table)));
}

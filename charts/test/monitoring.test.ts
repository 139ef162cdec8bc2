import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { agentMetrics } from '../../packages/agent/src/metrics/table.ts';
import { serverMetrics } from '../../packages/server/src/metrics/table.ts';
import { alertFiles, alerts, dashboard, dashboardQueries, metricsIn, runbook } from './monitoring.ts';
import { findProgram, run } from './program-on-path.ts';
import { root } from './rendering.ts';

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

/** Names of the metrics of both programs. */
function exportedMetrics(): Set<string> {
  return new Set([agentMetrics, serverMetrics].flatMap((table) => Object.keys(table)));
}

// Writes the tables of docs/metrics.md from the tables of metrics. Run with node --conditions=development, because it
// imports sources.
import { readFileSync, writeFileSync } from 'node:fs';
import { agentMetrics } from '../../packages/agent/src/metrics/table.ts';
import { metricsDoc } from '../../packages/runtime/src/index.ts';
import { serverMetrics } from '../../packages/server/src/metrics/table.ts';

const file = new URL('../../docs/metrics.md', import.meta.url);

function withTable(page, heading, table) {
  return page.replace(
    new RegExp(`(\n## ${heading}\n\n)(?:\\|.*\n)+`),
    (_, head) => `${head}${metricsDoc(table)}\n`,
  );
}

const page = readFileSync(file, 'utf8');
writeFileSync(file, withTable(withTable(page, 'Agent', agentMetrics), 'Server', serverMetrics));

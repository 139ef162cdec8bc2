import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { metricsDoc } from '@rolegate/runtime';
import { metricsInRegistry, metricsOnPage } from '@rolegate/testing';
import { createAgentMetrics } from '../../src/metrics/metrics.ts';
import { agentMetrics } from '../../src/metrics/table.ts';

const page = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');

it("The page docs/metrics.md matches the agent's table of metrics (npm run generate writes it)", () => {
  expect(page).toContain(`\n## Agent\n\n${metricsDoc(agentMetrics)}\n`);
});

it("The page docs/metrics.md has exactly the agent's metrics, each with its type and labels", () => {
  const metrics = createAgentMetrics({ version: '1' });
  metrics.read({
    feedConnected: () => true,
    feedStaleSeconds: () => 0,
    sessions: () => ({}),
    minRemainingSeconds: () => undefined,
    certificateExpirySeconds: () => ({}),
    clockSkewSeconds: () => 0,
  });
  metrics.readMemory(() => ({}));
  metrics.readIssuerKeys(() => 0);
  metrics.readContainerCredentials(() => false);
  metrics.readInterception({
    reconcileConnected: () => true,
    interception: () => undefined,
    nodeImdsv1Open: () => undefined,
    foreignListeners: () => undefined,
  });
  expect(metricsOnPage(page, 'Agent')).toEqual(metricsInRegistry(metrics.registry));
});

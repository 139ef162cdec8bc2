import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { metricsInRegistry, metricsOnPage } from '@rolegate/testing';
import { createAgentMetrics } from '../../src/metrics/metrics.ts';

it("docs/metrics.md has exactly the agent's metrics, each with its type and labels", () => {
  const page = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');
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
  metrics.readInterception({
    readerConnected: () => true,
    interception: () => undefined,
    nodeImdsv1Open: () => undefined,
    foreignListeners: () => undefined,
  });
  expect(metricsOnPage(page, 'Agent')).toEqual(metricsInRegistry(metrics.registry));
});

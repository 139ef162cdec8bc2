import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { metricsInRegistry, metricsOnPage } from '@rolegate/testing';
import { createServerMetrics } from '../../src/metrics/metrics.ts';

it("docs/metrics.md has exactly the server's metrics, each with its type and labels", () => {
  const page = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');
  const metrics = createServerMetrics({ version: '1' });
  const none = () => 0;
  metrics.read({
    connectedNodes: none,
    minRemainingSeconds: none,
    stsBudgetWaiting: none,
    sessions: () => ({}),
    watchAgeSeconds: () => ({}),
    certificateExpirySeconds: () => ({}),
    ownCredentialsSeconds: () => ({}),
    ownCredentialsOk: () => true,
    decisionsMade: () => 0,
    decisionsWaiting: () => 0,
    rememberedNames: () => ({}),
  });
  expect(metricsOnPage(page, 'Server')).toEqual(metricsInRegistry(metrics.registry));
});

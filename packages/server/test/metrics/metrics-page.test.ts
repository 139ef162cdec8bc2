import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { metricsDoc } from '@rolegate/runtime';
import { metricsInRegistry, metricsOnPage } from '@rolegate/testing';
import { createServerMetrics } from '../../src/metrics/metrics.ts';
import { serverMetrics } from '../../src/metrics/table.ts';

const page = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');

it("The page docs/metrics.md says what the server's table says (npm run generate writes it)", () => {
  expect(page).toContain(`\n## Server\n\n${metricsDoc(serverMetrics)}\n`);
});

it("The page docs/metrics.md has exactly the server's metrics, each with its type and labels", () => {
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
    issuerKeysAgeSeconds: none,
  });
  expect(metricsOnPage(page, 'Server')).toEqual(metricsInRegistry(metrics.registry));
});

import { describe, expect, it } from 'vitest';
import { createServerMetrics } from '../../src/metrics/metrics.ts';

describe('Server metrics', () => {
  it('What enforce would refuse is counted apart from what was decided', async () => {
    const metrics = createServerMetrics({ version: '1' });
    metrics.decision('Allowed');
    metrics.auditRefusal('NamespaceDenied');
    const text = await metrics.registry.metrics();
    expect(text).toContain('rolegate_decisions_total{reason="Allowed"} 1');
    expect(text).toContain('rolegate_audit_refusals_total{reason="NamespaceDenied"} 1');
    expect(text).toContain('rolegate_decisions_total{reason="NamespaceDenied"} 0');
  });
});

import type { Registry } from 'prom-client';
import { createOpsServer, createProbeServer } from '@rolegate/runtime';
import type { Clock, Log, PageServer, ReadyCheck } from '@rolegate/runtime';
import { createOpsLimitHits } from '../limits/ops-hits.ts';
import type { OpsLimitHitsDeps } from '../limits/ops-hits.ts';

export interface OpsPortsDeps {
  readonly registry: Registry;
  readonly checks: readonly ReadyCheck[];
  readonly counted: OpsLimitHitsDeps['counted'];
  readonly clock: Clock;
  readonly log: Log;
}

export interface OpsPorts {
  readonly ops: Pick<PageServer, 'listen'>;
  readonly probes: Pick<PageServer, 'listen'>;
  readonly close: () => Promise<void>;
}

/** The port of Prometheus and people, and that of kubelet, which strangers on the first one cannot fill. */
export function createOpsPorts({ registry, checks, counted, clock, log }: OpsPortsDeps): OpsPorts {
  const limited = createOpsLimitHits({ clock, log, counted });
  const ops = createOpsServer({ registry, checks, clock, limited: limited('ops') });
  const probes = createProbeServer({ checks, clock, limited: limited('probe') });
  return {
    ops,
    probes,
    async close() {
      await Promise.all([ops.close(), probes.close()]);
    },
  };
}

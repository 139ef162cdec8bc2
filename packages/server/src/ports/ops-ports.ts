import type { Registry } from 'prom-client';
import { createLimitLog, createOpsServer, createProbeServer, pageLimit } from '@rolegate/runtime';
import type { Clock, HttpLimit, Log, PageServer, ReadyCheck } from '@rolegate/runtime';
import { LIMIT_LOG_WINDOW_MS } from '../limits/limit-hits.ts';
import type { LimitHitsDeps } from '../limits/limit-hits.ts';
import { opsLimits } from '../limits/limit-names.ts';
import type { OpsLimit } from '../limits/limit-names.ts';

/** The most source addresses that are distinguished in a window; addresses can be spoofed. */
const MOST_SOURCES = 32;

export interface OpsPortsDeps extends LimitHitsDeps<OpsLimit> {
  readonly registry: Registry;
  readonly checks: readonly ReadyCheck[];
  readonly clock: Clock;
  readonly log: Log;
}

export interface OpsPorts {
  readonly ops: Pick<PageServer, 'listen'>;
  readonly probes: Pick<PageServer, 'listen'>;
  readonly close: () => Promise<void>;
}

/** The port for Prometheus and people, and a separate one for kubelet, so that strangers cannot block probes. */
export function createOpsPorts(deps: OpsPortsDeps): OpsPorts {
  const { registry, checks, clock } = deps;
  const limited = createOpsLimitHits(deps);
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

/** Counts and logs reached limits: a line a minute for each address and limit, and a summary of the omitted lines. */
function createOpsLimitHits({ clock, log, counted }: LimitHitsDeps<OpsLimit>) {
  const note = createLimitLog({
    clock,
    log,
    windowMs: LIMIT_LOG_WINDOW_MS,
    mostKeys: MOST_SOURCES,
  });
  return (port: 'ops' | 'probe') => (met: HttpLimit, ip: string) => {
    const limit = pageLimit(port, met);
    counted(limit);
    note('', `${limit} ${ip}`, { limit, ip }, opsLimits[limit]);
  };
}

import type { Registry } from 'prom-client';
import { createOpsServer, createProbeServer } from '@rolegate/runtime';
import type { Clock, HostPort, Log, ReadyCheck } from '@rolegate/runtime';
import { createOpsLimitHits } from './limit-hits.ts';
import type { OpsLimitHitsDeps } from './limit-hits.ts';

export interface OpsPortsDeps {
  readonly registry: Registry;
  readonly checks: readonly ReadyCheck[];
  readonly counted: OpsLimitHitsDeps['counted'];
  readonly clock: Clock;
  readonly log: Log;
}

/** Where each of them listens. */
export interface OpsListen {
  readonly ops: HostPort;
  readonly probes: HostPort;
}

/** The port of Prometheus and people, and that of kubelet, which strangers on the first one cannot fill. */
export function createOpsPorts({ registry, checks, counted, clock, log }: OpsPortsDeps) {
  const limited = createOpsLimitHits({ clock, log, counted });
  const ops = createOpsServer({ registry, checks, clock, limited: limited('ops') });
  const probes = createProbeServer({ checks, clock, limited: limited('probe') });
  return {
    /** Resolves with the ports. Rejects if one is taken. */
    async listen(at: OpsListen): Promise<{ readonly ops: number; readonly probes: number }> {
      return {
        ops: await ops.listen(at.ops.host, at.ops.port),
        probes: await probes.listen(at.probes.host, at.probes.port),
      };
    },
    async close(): Promise<void> {
      await Promise.all([ops.close(), probes.close()]);
    },
  };
}

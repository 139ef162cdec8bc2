import { createLimitLog, pageLimit } from '@rolegate/runtime';
import type { Clock, HttpLimit, Log } from '@rolegate/runtime';

/** Every limit of the ports that are not for agents (DESIGN.md 4.11, "ops ports"), as metric and log name it. */
export const opsLimitNames = [
  'ops_connections',
  'ops_requests',
  'probe_connections',
  'probe_requests',
] as const;
export type OpsLimitName = (typeof opsLimitNames)[number];

export interface OpsLimitHitsDeps {
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  readonly log: Log;
  readonly counted: (limit: OpsLimitName) => void;
}

const WINDOW_MS = 60_000;
/** Source addresses that are told apart in a window: they can be made up. */
const MOST_SOURCES = 32;

const HINTS = {
  ops: 'see who connects to --prometheus-listen-addr from this address',
  probe: 'see who connects to --probe-bind from this address: only kubelet needs to',
} as const;

/** Counts limits that were met, and says so: a line a minute for each address and limit, and one for what was left out. */
export function createOpsLimitHits({ clock, log, counted }: OpsLimitHitsDeps) {
  const note = createLimitLog({ clock, log, windowMs: WINDOW_MS, mostKeys: MOST_SOURCES });
  return (port: keyof typeof HINTS) => (met: HttpLimit, ip: string) => {
    const limit = pageLimit(port, met);
    counted(limit);
    note('', `${limit} ${ip}`, { limit, ip }, { hint: HINTS[port] });
  };
}

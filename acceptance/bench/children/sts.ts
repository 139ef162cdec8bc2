import { startSts } from '@rolegate/testing';
import { serveCalls } from '../../processes/serve-calls.ts';

const sts = await startSts({ latencyMs: 50 });

const calls = {
  url: () => sts.url,
  throttleAbove: (ratePerSecond: number) => {
    sts.throttleAbove(ratePerSecond);
  },
  /** Credentials live no longer from now on. */
  limitLifetime: (seconds: number) => {
    sts.limitLifetime(seconds);
  },
  /** Since the start. */
  counts: () => ({ calls: sts.calls.length, mostInFlight: sts.mostInFlight }),
};
export type StsCalls = typeof calls;
serveCalls(calls);

// Runs the soak test in the network namespace of this process. Ends with its parent.
import { suiteSignal } from '@rolegate/testing';
import { serveCalls } from '../processes/serve-calls.ts';
import { runSoak } from './run-soak.ts';
import type { SoakOptions, SoakResult } from './run-soak.ts';

/** Start, end and the last fault. Milliseconds. */
const MORE_MS = 900_000;

const calls = {
  run(options: SoakOptions): Promise<SoakResult> {
    const signal = suiteSignal(options.minutes * 60_000 + MORE_MS);
    const running = runSoak(options, { print: console.log, signal });
    signal.addEventListener('abort', () => {
      // Nobody waits for the result then, and the channel to the parent would keep this process.
      void running
        .catch(() => undefined)
        .finally(() => {
          if (process.connected) process.disconnect();
        });
    });
    return running;
  },
};

export type SoakCalls = typeof calls;

serveCalls(calls);

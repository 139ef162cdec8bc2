import { everythingWaits, noEffect } from './fault.ts';
import type { Fault, LeftOut } from './fault.ts';
import { hang, throttle } from '../process-faults.ts';

const DURATION_MS = 3_000;
/** R7: after a crash of its container, the agent answers again within this time. Milliseconds. */
const BACK_WITHIN_MS = 2_000;

export const agentFaults: readonly Fault[] = [
  {
    component: 'agent',
    mode: 'kill',
    how: 'SIGKILL, restarted after a second',
    expected: everythingWaits,
    durationMs: 1_000,
    agentBackWithinMs: BACK_WITHIN_MS,
    // Refused or reset without the process, or held too long after the restart.
    mayFail: /^(ECONNREFUSED|ECONNRESET|socket hang up|timeout|503)$/,
    async inject(world) {
      await world.agent.kill();
      return () => {
        world.startAgent();
      };
    },
  },
  {
    component: 'agent',
    mode: 'hang',
    how: 'SIGSTOP',
    expected: everythingWaits,
    durationMs: DURATION_MS,
    agentBackWithinMs: BACK_WITHIN_MS,
    mayFail: /^timeout$/,
    inject: ({ agent }) => hang(agent),
  },
  {
    component: 'agent',
    mode: 'slow',
    how: 'runs a fifth of the time',
    expected: noEffect,
    durationMs: DURATION_MS,
    inject: ({ agent }) => throttle(agent),
  },
];

export const leftOut: readonly LeftOut[] = [
  {
    component: 'agent',
    mode: 'cut',
    why: 'there is no network between a Pod and its node, and the path to the servers is covered by other rows',
  },
  {
    component: 'agent',
    mode: 'refuse',
    why: 'an agent refuses only what exceeds its limits, which the floods cover',
  },
];

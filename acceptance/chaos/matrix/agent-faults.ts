import { allWaits, nobodyNotices } from './fault.ts';
import type { Fault, LeftOut } from './fault.ts';
import { hang, throttle } from '../harm-process.ts';

const LASTS_MS = 3_000;
/** R7: after a crash of its container the agent answers again within so long. Milliseconds. */
const BACK_WITHIN_MS = 2_000;

export const agentFaults: readonly Fault[] = [
  {
    target: 'agent',
    harm: 'kill',
    how: 'SIGKILL, started again after a second',
    expected: allWaits,
    lastsMs: 1_000,
    agentBackWithinMs: BACK_WITHIN_MS,
    // Refused, or reset with the process: nobody is there. And held in vain once it is.
    mayFail: /^(ECONNREFUSED|ECONNRESET|socket hang up|timeout|503)$/,
    async strike(world) {
      await world.agent.kill();
      return () => {
        world.startAgent();
        return Promise.resolve();
      };
    },
  },
  {
    target: 'agent',
    harm: 'hang',
    how: 'SIGSTOP',
    expected: allWaits,
    lastsMs: LASTS_MS,
    agentBackWithinMs: BACK_WITHIN_MS,
    mayFail: /^timeout$/,
    strike: ({ agent }) => {
      const mend = hang(agent);
      return Promise.resolve(() => {
        mend();
        return Promise.resolve();
      });
    },
  },
  {
    target: 'agent',
    harm: 'slow',
    how: 'runs a fifth of the time',
    expected: nobodyNotices,
    lastsMs: LASTS_MS,
    strike: ({ agent }) => {
      const mend = throttle(agent);
      return Promise.resolve(() => {
        mend();
        return Promise.resolve();
      });
    },
  },
];

export const leftOut: readonly LeftOut[] = [
  {
    target: 'agent',
    harm: 'cut',
    why: 'between a Pod and its own node is no network; the way to the servers has rows of its own',
  },
  {
    target: 'agent',
    harm: 'refuse',
    why: 'what an agent refuses is its limits: see the floods',
  },
];

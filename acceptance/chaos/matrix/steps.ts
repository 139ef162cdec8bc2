import type { Row } from '@rolegate/testing';
import { runningStep } from '../step.ts';
import type { ChaosStep } from '../step.ts';
import { agentFaults, leftOut } from './agent-faults.ts';
import type { Fault } from './fault.ts';
import { seconds } from './judge.ts';
import type { FaultOutcome } from './judge.ts';
import { serverSideFaults } from './server-faults.ts';
import { serviceFaults } from './service-faults.ts';
import { tryFault } from './try-fault.ts';

export const matrixHead: Row = [
  'what',
  'fault',
  'requests of running Pods',
  'success',
  'least life left',
  'AssumeRole new / again',
  'withdrawn permit, in the fault',
  'new Pod, held session',
  'new Pod, new role',
  'fresh after',
];

export const matrixNotes: readonly string[] = leftOut.map(
  ({ target, harm, why }) => `${target} × ${harm} makes no sense: ${why}.`,
);

/** One thing fails in one way. `only`: of `STS kill`, for example. */
export function matrixSteps(only: RegExp): ChaosStep[] {
  return [...serverSideFaults, ...serviceFaults, ...agentFaults]
    .filter(({ target, harm }) => only.test(`${target} ${harm}`))
    .map(stepOf);
}

function stepOf(fault: Fault): ChaosStep {
  const { target, harm, how } = fault;
  return runningStep(
    `Running Pods are answered during the fault "${target} ${harm}": ${how}`,
    async (world) => {
      const outcome = await tryFault(world, fault);
      return { row: rowOf(outcome), faults: outcome.faults };
    },
  );
}

function rowOf({ fault, tally, calls, during, freshMs, failedForMs }: FaultOutcome): Row {
  const { requests, failures, leastLifeMs, longestGapMs } = tally;
  const rate = ((requests - failures.length) / requests) * 100;
  const gap =
    failures.length === 0 ? '' : `; gap ${seconds(longestGapMs)}, ${seconds(failedForMs ?? 0)} after`;
  const when = (ms: number | undefined) => (ms === undefined ? 'after it' : seconds(ms));
  return [
    fault.target,
    `${fault.harm}: ${fault.how}`,
    String(requests),
    `${failures.length === 0 ? '100' : rate.toFixed(1)} %${gap}`,
    `${(leastLifeMs / 60_000).toFixed(1)} min`,
    `${calls.newRoles} / ${calls.heldAgain}`,
    when(during.withdrawn),
    when(during.shared),
    when(during.newRole),
    freshMs === 0 ? 'was fresh' : seconds(freshMs),
  ];
}

import type { Row } from '@rolegate/testing';
import { runningStep } from '../step.ts';
import type { ChaosStep } from '../step.ts';
import { agentFaults, leftOut } from './agent-faults.ts';
import type { Fault } from './fault.ts';
import { seconds } from './judge.ts';
import type { FaultOutcome } from './judge.ts';
import { serverSideFaults } from './server-faults.ts';
import { serviceFaults } from './service-faults.ts';
import { runFault } from './run-fault.ts';

export const matrixHead: Row = [
  'component',
  'fault',
  'requests of running Pods',
  'success',
  'shortest life left',
  'AssumeRole new / repeated',
  'revoked permit',
  'new Pod, cached session',
  'new Pod, new role',
  'recovered after',
];

export const matrixNotes: readonly string[] = leftOut.map(
  ({ component, mode, why }) => `The fault "${component} ${mode}" is not tested: ${why}.`,
);

/** Steps for the faults whose names match, such as `STS kill`. */
export function matrixSteps(only: RegExp): ChaosStep[] {
  return [...serverSideFaults, ...serviceFaults, ...agentFaults]
    .filter(({ component, mode }) => only.test(`${component} ${mode}`))
    .map(stepOf);
}

function stepOf(fault: Fault): ChaosStep {
  const { component, mode, how } = fault;
  return runningStep(
    `Running Pods are answered during the fault "${component} ${mode}": ${how}`,
    async (world) => {
      const outcome = await runFault(world, fault);
      return { row: rowOf(outcome), problems: outcome.problems };
    },
  );
}

function rowOf({ fault, tally, calls, during, recoveredMs, failedForMs }: FaultOutcome): Row {
  const { requests, failures, leastLifeMs, longestGapMs } = tally;
  const rate = ((requests - failures.length) / requests) * 100;
  const gap =
    failures.length === 0
      ? ''
      : `; longest gap ${seconds(longestGapMs)}, until ${seconds(failedForMs ?? 0)} after the fault`;
  const when = (ms: number | undefined) => (ms === undefined ? 'after the fault' : seconds(ms));
  return [
    fault.component,
    `${fault.mode}: ${fault.how}`,
    String(requests),
    `${failures.length === 0 ? '100' : rate.toFixed(1)} %${gap}`,
    `${(leastLifeMs / 60_000).toFixed(1)} min`,
    `${calls.newRoles} / ${calls.cachedRoles}`,
    when(during.withdrawn),
    when(during.shared),
    when(during.newRole),
    recoveredMs === 0 ? '–' : seconds(recoveredMs),
  ];
}

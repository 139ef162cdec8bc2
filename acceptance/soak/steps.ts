import type { Step } from '@rolegate/testing';
import { levelProblems } from './judge/levels.ts';
import { memoryProblems } from './judge/memory.ts';
import type { SoakResult } from './run-soak.ts';

/** Shown of each list of problems. */
const MOST_SHOWN = 10;

type SoakStep = Step<{ readonly lines: readonly never[] }>;

/** What is judged after the run. */
export function stepsOf({ problems, growths, levels }: SoakResult): SoakStep[] {
  return [
    step('Every document belongs to the role of the Pod that got it', problems.ownRole),
    step('Requests of running Pods fail only during faults that allow it', problems.running),
    step('New Pods are served, and Pods without a permit are refused, also after faults', problems.newPods),
    step('Documents have at least 25/60 of their lifetime left', problems.life),
    step('The system recovers from every fault', problems.recovery),
    ...(growths === undefined
      ? []
      : [
          step(
            'The memory of agent, reconcile and servers grows by at most 1 MB an hour',
            memoryProblems(growths),
          ),
        ]),
    ...(levels === undefined
      ? []
      : [
          step(
            'Descriptors, timers and entries are back at their level after the churn',
            levelProblems(levels),
          ),
        ]),
  ];
}

function step(title: string, problems: readonly string[]): SoakStep {
  return {
    title,
    run() {
      if (problems.length === 0) return Promise.resolve(undefined);
      const more = problems.length > MOST_SHOWN ? [`and ${problems.length - MOST_SHOWN} more`] : [];
      throw new Error([...problems.slice(0, MOST_SHOWN), ...more].join('\n        '));
    },
  };
}

import type { Answers } from './calls.ts';

export interface Tally {
  readonly took: (ms: number) => void;
  readonly failed: (what: string) => void;
  readonly add: (answers: Answers) => void;
  readonly answers: () => Answers;
}

/** Counts the answers that honest clients get. */
export function createTally(): Tally {
  const tookMs: number[] = [];
  const failures: Record<string, number> = {};
  let requests = 0;
  const count = (what: string, times: number) => {
    failures[what] = (failures[what] ?? 0) + times;
  };
  return {
    took(ms) {
      requests++;
      tookMs.push(ms);
    },
    failed: (what) => {
      count(what, 1);
    },
    add(answers) {
      requests += answers.requests;
      tookMs.push(...answers.tookMs);
      for (const [what, times] of Object.entries(answers.failures)) count(what, times);
    },
    answers: () => ({ requests, failures, tookMs }),
  };
}

import { expect, it } from 'vitest';
import { changesOf, levelProblems } from '../judge/levels.ts';

function problemsAfter(before: Record<string, number>, after: Record<string, number>): string[] {
  const levels = (counts: Record<string, number>) => new Map([['agent', new Map(Object.entries(counts))]]);
  return levelProblems(changesOf(levels(before), levels(after)));
}

it('A gauge that has not returned to its level is a problem', () => {
  const gauge = 'rolegate_sessions{state="held"}';
  expect(problemsAfter({ [gauge]: 9 }, { [gauge]: 9 })).toEqual([]);
  expect(problemsAfter({ [gauge]: 9 }, { [gauge]: 10 })).toEqual([
    `agent: ${gauge}: 9 after the first churn, 10 after the second`,
  ]);
});

it('A gauge that appears only after the churn must be zero', () => {
  const gauge = 'rolegate_remembered_names{of="results_unknown"}';
  expect(problemsAfter({}, { [gauge]: 0 })).toEqual([]);
  expect(problemsAfter({}, { [gauge]: 1 })).toHaveLength(1);
});

it('Names that are remembered for ten minutes may still be there', () => {
  const gauge = 'rolegate_remembered_names{of="pods_gone"}';
  expect(problemsAfter({ [gauge]: 0 }, { [gauge]: 500 })).toEqual([]);
});

it('Entries of maps may have grown by the remembered names, and no more', () => {
  const gauge = 'rolegate_remembered_names{of="pods_gone"}';
  const entries = 'entries of maps and sets';
  expect(problemsAfter({ [entries]: 3_000 }, { [entries]: 4_000 })).toHaveLength(1);
  expect(problemsAfter({ [entries]: 3_000, [gauge]: 0 }, { [entries]: 4_000, [gauge]: 500 })).toEqual([]);
  expect(problemsAfter({ [entries]: 3_000, [gauge]: 0 }, { [entries]: 5_000, [gauge]: 500 })).toHaveLength(1);
});

it('The entries of reconcile may have grown by the addresses and Pods that the agent has remembered', () => {
  const gauge = 'rolegate_remembered_names{of="pods_returned"}';
  const changes = [
    { program: 'agent', what: gauge, before: 0, after: 500 },
    { program: 'reconcile', what: 'entries of maps and sets', before: 300, after: 1_400 },
  ];
  expect(levelProblems(changes)).toEqual([]);
  expect(levelProblems(changes.slice(1))).toHaveLength(1);
});

it('Two more descriptors are a connection that is being replaced, and three are a leak', () => {
  expect(problemsAfter({ descriptors: 30 }, { descriptors: 32 })).toEqual([]);
  expect(problemsAfter({ descriptors: 30 }, { descriptors: 33 })).toHaveLength(1);
});

it('A node may have two buckets of a rate limit, and not three', () => {
  const gauge = 'rolegate_remembered_names{of="calling_nodes"}';
  expect(problemsAfter({ [gauge]: 0 }, { [gauge]: 2 })).toEqual([]);
  expect(problemsAfter({ [gauge]: 0 }, { [gauge]: 3 })).toHaveLength(1);
});

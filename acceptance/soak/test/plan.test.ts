import { describe, expect, it } from 'vitest';
import { allFaults } from '../faults/all-faults.ts';
import { planFaults } from '../plan/fault-plan.ts';
import { phasesOf } from '../plan/phases.ts';
import { createRandom } from '../plan/random.ts';

const faults = allFaults({ hasReconcile: true });

function sequence(seed: number) {
  const planned = planFaults(faults, createRandom(seed));
  return Array.from({ length: 500 }, () => {
    const { fault, pauseMs, durationMs } = planned.next().value ?? {};
    return { name: fault?.name, pauseMs, durationMs };
  });
}

describe('planFaults', () => {
  it('repeats the sequence of a seed', () => {
    expect(sequence(7)).toEqual(sequence(7));
    expect(sequence(8)).not.toEqual(sequence(7));
  });

  it('contains every fault', () => {
    expect(new Set(sequence(7).map(({ name }) => name))).toEqual(new Set(faults.map(({ name }) => name)));
  });

  it('is over at once without faults', () => {
    expect(planFaults([], createRandom(1)).next().done).toBe(true);
  });
});

describe('allFaults', () => {
  it('gives each fault its own name', () => {
    expect(new Set(faults.map(({ name }) => name)).size).toBe(faults.length);
  });

  it('knows which faults end a process', () => {
    const restarting = faults.filter(({ restarts }) => restarts).map(({ name }) => name.split(':')[0]);
    expect(restarting).toEqual([
      'one server kill',
      'one server refuse',
      'both servers kill',
      'both servers refuse',
      'agent kill',
      'reconcile kill',
    ]);
  });
});

describe('phasesOf', () => {
  it('judges memory for the second half of half an hour', () => {
    expect(phasesOf(30)).toEqual({
      stormEndsMs: 180_000,
      pauseEndsMs: 234_000,
      judgedFromMs: 660_000,
      churnEndsMs: 1_710_000,
      calmEndsMs: 1_800_000,
    });
  });

  it('does not judge memory in two minutes, and has time for restarts', () => {
    expect(phasesOf(2)).toEqual({
      stormEndsMs: 40_000,
      pauseEndsMs: 65_000,
      judgedFromMs: undefined,
      churnEndsMs: 95_000,
      calmEndsMs: 120_000,
    });
  });

  it('judges memory from 22 minutes on', () => {
    expect(phasesOf(21).judgedFromMs).toBeUndefined();
    expect(phasesOf(22).judgedFromMs).toBeDefined();
  });
});

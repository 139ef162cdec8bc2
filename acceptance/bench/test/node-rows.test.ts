import { describe, expect, it } from 'vitest';
import type { PodUsage } from '../steps/node-rows.ts';
import { nodeRows } from '../steps/node-rows.ts';

const MEMORY = { processes: 1, rss: 70, anonymous: 22, proportional: 40, mostFiles: 48, cpuMs: 0 };
const usage = (cgroupMb: number | undefined, idle: number): PodUsage => ({
  cgroupMb,
  containers: { agent: MEMORY, reconcile: { ...MEMORY, processes: 3, anonymous: 20, mostFiles: 45 } },
  idleShare: { agent: idle, reconcile: idle / 2 },
});
const options = { pods: 110, idleSeconds: 60, noCgroup: undefined };

describe('nodeRows', () => {
  it('The memory of the Pod is judged over all starts, its idle CPU over the one start that was watched', () => {
    const rows = nodeRows([usage(68, NaN), usage(70, NaN), usage(72, 0.004)], options);
    expect(rows.map(({ measured, missedBy }) => [measured, missedBy])).toEqual([
      ['70 MB (anonymous 42 MB; mapped files, charged to whoever read them first, 48 MB)', '8 %'],
      ['70 MB (anonymous 22 MB, PSS 40 MB, processes: 1)', undefined],
      ['70 MB (anonymous 20 MB, PSS 40 MB, processes: 3)', undefined],
      ['0.60 % of a core (agent 0.40 %, reconcile 0.20 %)', '100 %'],
    ]);
  });

  it('Without control groups, the memory row says why it is missing, and the other rows are reported', () => {
    const rows = nodeRows([usage(undefined, 0.001)], { ...options, noCgroup: 'none are mounted' });
    expect(rows[0]).toMatchObject({ measured: 'not measured: none are mounted', missedBy: undefined });
    expect(rows).toHaveLength(4);
  });
});

import { describe, expect, it } from 'vitest';
import { processTimesOf, treeOf } from '../process-usage.ts';

describe('processTimesOf', () => {
  it('The parent and CPU times are read even if the process name contains spaces and brackets', () => {
    const stat = '42 (a (b) c) S 7 42 42 0 -1 4194304 100 200 0 0 12 3 40 5 20 0 11 0 100 1000 50';
    expect(processTimesOf(stat)).toEqual({ parent: 7, ownMs: 150, endedChildrenMs: 450 });
  });
});

describe('treeOf', () => {
  const all = new Map([
    [1, { parent: 0, ownMs: 1_000, endedChildrenMs: 1_000 }],
    [10, { parent: 1, ownMs: 100, endedChildrenMs: 20 }],
    [11, { parent: 10, ownMs: 5, endedChildrenMs: 0 }],
    [12, { parent: 11, ownMs: 3, endedChildrenMs: 1 }],
    [20, { parent: 1, ownMs: 700, endedChildrenMs: 0 }],
  ]);

  it('A process tree includes all descendants and the CPU time of those that have ended', () => {
    expect(treeOf(10, all)).toEqual({ pids: [10, 11, 12], cpuMs: 129 });
  });
});

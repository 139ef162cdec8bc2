import { describe, expect, it } from 'vitest';
import { createReorder } from '../../src/logs/reorder.ts';
import type { Group } from '../../src/logs/reorder.ts';
import { agentOn, entryAt, server, START_MS } from '../log-lines.ts';

function setup({ windowMs = Infinity, mostBytes = 1_000_000 } = {}) {
  const clock = { ms: 0 };
  return { clock, reorder: createReorder({ windowMs, mostBytes, now: () => clock.ms }) };
}

const times = (groups: readonly Group[]) => groups.map((group) => group.map(({ atMs }) => atMs - START_MS));

describe('the merge of logs by time', () => {
  it('returns lines of several sources in the order of time', () => {
    const { reorder } = setup();
    for (const ms of [5, 1, 9]) reorder.push(entryAt(ms, {}, agentOn('a')));
    for (const ms of [2, 7]) reorder.push(entryAt(ms, {}, agentOn('b')));
    expect(times(reorder.drain())).toEqual([[1], [2], [5], [7], [9]]);
  });

  it('keeps the order of lines with the same time', () => {
    const { reorder } = setup();
    for (const step of [1, 2, 3]) reorder.push(entryAt(0, { step }));
    expect(reorder.drain().map(([line]) => line?.text.slice(-2))).toEqual(['1}', '2}', '3}']);
  });

  it('lets a line wait no longer than the window, although a slow clock keeps sending earlier ones', () => {
    const { reorder, clock } = setup({ windowMs: 1_000 });
    reorder.push(entryAt(60_000));
    for (clock.ms = 100; clock.ms < 1_000; clock.ms += 100) {
      reorder.push(entryAt(clock.ms, {}, agentOn('slow')));
      expect(reorder.due()).toEqual([]);
    }
    clock.ms = 1_000;
    const due = times(reorder.due());
    expect(due[due.length - 1]).toEqual([60_000]);
  });

  it('returns a line before a later one that arrived earlier', () => {
    const { reorder, clock } = setup({ windowMs: 1_000 });
    reorder.push(entryAt(50));
    clock.ms = 900;
    reorder.push(entryAt(20, {}, agentOn('b')));
    clock.ms = 1_000;
    expect(times(reorder.due())).toEqual([[20], [50]]);
  });

  it('joins the lines of one request at the time of the first', () => {
    const { reorder } = setup();
    reorder.push(entryAt(30, { requestId: 'r1' }));
    reorder.push(entryAt(20, { requestId: 'r2' }));
    reorder.push(entryAt(10, { requestId: 'r1' }, server));
    expect(times(reorder.drain())).toEqual([[10, 30], [20]]);
  });

  it('returns the earliest lines early if they need too much memory, and says so', () => {
    const { reorder } = setup({ mostBytes: 1_000 });
    const early = [5, 4, 3, 2, 1].flatMap((ms) => [...reorder.push(entryAt(ms))]);
    expect(early.length).toBeGreaterThan(0);
    expect(reorder.overflowed).toBe(true);
    expect(early.length + reorder.drain().length).toBe(5);
  });
});

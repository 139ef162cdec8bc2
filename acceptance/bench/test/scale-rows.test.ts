import { expect, it } from 'vitest';
import { scaleRows } from '../scale/rows.ts';
import type { ScaleFigures } from '../scale/rows.ts';
import { scaleSize } from '../scale/size.ts';

const memory = [{ rss: 500, anonymous: 450, peak: 700, group: 460 }];
const pushes = { decisionMs: [1, 2, 3], credentialsMs: [4, 5, 6], expected: 3, cpuShares: [0.1] };
const figures: ScaleFigures = {
  own: pushes,
  synced: { readyMs: [10_000], cpuMs: [1_000], memory },
  connected: { attestedMs: 1, fedMs: 2, cpuMs: 3, memory, pods: 4, sessions: 5 },
  idleShares: [0.05],
  churn: pushes,
  rollout: { ...pushes, decisionMs: [1, 2], credentialsMs: [2_000, 2_000, 2_000] },
  permitted: { withdrawnMs: [7], givenMs: [8], expected: 1 },
  renewed: { tookMs: 9, cpuMs: 10 },
  lost: { tookMs: [1_000, 20_000], without: 0, withinMs: 180_000, memory },
  outage: { decidedMs: [5], expected: 1, memory },
  restarted: { readyMs: 1, tookMs: [2], without: 3, withinMs: 180_000, memory, stsCalls: 0 },
  callsAnHour: 4_000,
};

function rowsOf(nodes: number) {
  const rows = scaleRows(scaleSize(nodes), figures);
  return { rows, find: (text: string) => rows.find(({ what }) => what.includes(text)) };
}

it('Goals are judged only at the size that they are for', () => {
  expect(rowsOf(500).rows.filter(({ reach }) => reach !== '')).toEqual([]);
  const { find } = rowsOf(5_000);
  expect(find('peak RSS')).toMatchObject({ measured: '700 MB', reach: '≤ 600 MB', missedBy: '17 %' });
  expect(find('a replica lost')).toMatchObject({ reach: '≤ 30.00 s', missedBy: '' });
  expect(find('100 a second in addition: scheduled to credentials')).toMatchObject({ missedBy: '100 %' });
});

it('Pods and agents that nothing has reached are named in the row', () => {
  const { find } = rowsOf(5_000);
  expect(find('in addition: scheduled to decided')?.measured).toContain('2 Pods, 1 never');
  expect(find('all replicas restarted')?.measured).toBe(
    '180.00 s (p50 0.00 s, 1 agents, 3 not within 180.00 s)',
  );
});

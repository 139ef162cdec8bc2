import { describe, expect, it } from 'vitest';
import { judgeStrangers, strangersHead } from '../strangers/judge.ts';
import type { AgentsSeen } from '../strangers/orders.ts';
import type { StrangersSeen } from '../strangers/watch/watchers.ts';

const MIB = 2 ** 20;

const FEEDS: StrangersSeen['feeds'] = {
  drops: {},
  leastShare: 0.52,
  held: 50,
  renewals: 40,
  withdrawn: 0,
  certificates: [8, 12],
};

/** Of an attack that nobody has noticed, but for what agents met. */
function seen(agents: Partial<AgentsSeen> = {}, more: Partial<StrangersSeen> = {}): StrangersSeen {
  return {
    changes: [4, 5, 6],
    newcomers: [55, 60],
    feeds: FEEDS,
    lastedMs: 9_000,
    sessions: 50,
    probes: [{ name: 'liveness', made: 2, failures: [], tookMs: [2, 3] }],
    late: { p99Ms: 2, worstMs: 40 },
    server: { high: { bytes: 80 * MIB, socketBytes: 0 }, limitBytes: 512 * MIB, ends: [], oomKills: 0 },
    afterBytes: 70 * MIB,
    loggedBytes: 1_000,
    cpuShare: 1,
    agents: { attested: [40, 300], renewed: [30, 200], opened: [20, 100], failures: {}, ...agents },
    ...more,
  };
}

describe('judgeStrangers', () => {
  it('An attack that no agent notices yields no problems', () => {
    const { faults, row } = judgeStrangers('An attack.', seen());
    expect(faults).toEqual([]);
    expect(row).toHaveLength(strangersHead.length);
    expect(row.slice(0, 5)).toEqual([
      'An attack.',
      '2: 170 ms, 300 ms',
      '2: 115 ms, 200 ms',
      '2: 10 ms, 12 ms',
      '2: 60 ms, 100 ms',
    ]);
  });

  it('An attestation, renewal or new stream that takes over ten seconds plus the timer delay is reported', () => {
    const faultsOf = (agents: Partial<AgentsSeen>) => judgeStrangers('An attack.', seen(agents)).faults;
    expect(faultsOf({ attested: [10_039], renewed: [10_039], opened: [10_039] })).toEqual([]);
    expect(faultsOf({ attested: [10_041], renewed: [10_041], opened: [10_041] })).toEqual(
      ['attestations', 'renewals', 'new streams'].map(
        (what): unknown => expect.stringMatching(`^${what}: the slowest took 10041 ms`) as unknown,
      ),
    );
  });

  it('A slow or missing certificate renewal on a feed connection is reported', () => {
    const faultsOf = (certificates: StrangersSeen['feeds']['certificates']) =>
      judgeStrangers('An attack.', seen({}, { feeds: { ...FEEDS, certificates } })).faults;
    expect(faultsOf([10_039])).toEqual([]);
    expect(faultsOf([10_041])).toEqual([
      expect.stringMatching(/^renewals on the feed: the slowest took 10041 ms/),
    ]);
    expect(faultsOf([])).toEqual(['renewals on the feed: there were none']);
  });

  it('Agents that got no certificate, and missing renewals, are reported', () => {
    expect(judgeStrangers('An attack.', seen({ attested: [5, undefined], renewed: [] })).faults).toEqual([
      expect.stringMatching(/^attestations: 1 of 2 did not come/),
      'renewals: there were none',
    ]);
  });

  it('Effects on tenants are reported', () => {
    const feeds = { ...FEEDS, drops: { ended: 2 } };
    expect(judgeStrangers('An attack.', seen({}, { feeds })).faults).toEqual([
      '2 streams of honest nodes ended: ended',
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { judgeStrangers, strangersHead } from '../strangers/judge.ts';
import type { AgentsResult } from '../strangers/calls.ts';
import type { StrangersObservations } from '../strangers/watch/watchers.ts';

const MIB = 2 ** 20;

const FEEDS: StrangersObservations['feeds'] = {
  drops: {},
  leastShare: 0.52,
  valid: 50,
  renewals: 40,
  withdrawn: 0,
  certificates: [8, 12],
};

/** Observations of an attack that affects at most agents. */
function observed(
  agents: Partial<AgentsResult> = {},
  more: Partial<StrangersObservations> = {},
): StrangersObservations {
  return {
    changes: [4, 5, 6],
    newPods: [55, 60],
    feeds: FEEDS,
    durationMs: 9_000,
    sessions: 50,
    probes: [{ name: 'liveness', made: 2, failures: [], tookMs: [2, 3] }],
    timerDelay: { p99Ms: 2, worstMs: 40 },
    server: { peak: { bytes: 80 * MIB, socketBytes: 0 }, limitBytes: 512 * MIB, ends: [], oomKills: 0 },
    afterBytes: 70 * MIB,
    loggedBytes: 1_000,
    cpuShare: 1,
    agents: { attested: [40, 300], renewed: [30, 200], opened: [20, 100], failures: {}, ...agents },
    ...more,
  };
}

describe('judgeStrangers', () => {
  it('An attack that no agent notices yields no problems', () => {
    const { problems, row } = judgeStrangers('An attack.', observed());
    expect(problems).toEqual([]);
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
    const problemsOf = (agents: Partial<AgentsResult>) =>
      judgeStrangers('An attack.', observed(agents)).problems;
    expect(problemsOf({ attested: [10_039], renewed: [10_039], opened: [10_039] })).toEqual([]);
    expect(problemsOf({ attested: [10_041], renewed: [10_041], opened: [10_041] })).toEqual(
      ['attestations', 'renewals', 'new streams'].map(
        (what): unknown => expect.stringMatching(`^${what}: the slowest took 10041 ms`) as unknown,
      ),
    );
  });

  it('A slow or missing certificate renewal on a feed connection is reported', () => {
    const problemsOf = (certificates: StrangersObservations['feeds']['certificates']) =>
      judgeStrangers('An attack.', observed({}, { feeds: { ...FEEDS, certificates } })).problems;
    expect(problemsOf([10_039])).toEqual([]);
    expect(problemsOf([10_041])).toEqual([
      expect.stringMatching(/^renewals on the feed: the slowest took 10041 ms/),
    ]);
    expect(problemsOf([])).toEqual(['renewals on the feed: none happened']);
  });

  it('Agents that got no certificate, and missing renewals, are reported', () => {
    expect(
      judgeStrangers('An attack.', observed({ attested: [5, undefined], renewed: [] })).problems,
    ).toEqual(['attestations: 1 of 2 timed out', 'renewals: none happened']);
  });

  it('Effects on tenants are reported', () => {
    const feeds = { ...FEEDS, drops: { ended: 2 } };
    expect(judgeStrangers('An attack.', observed({}, { feeds })).problems).toEqual([
      '2 streams of honest nodes ended: ended',
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { judgeTenants, tenantsHead } from '../tenants/judge.ts';
import type { ServerObservations } from '../cluster/watch/observations.ts';

const MIB = 2 ** 20;

/** Observations of an attack without effects, except for the changes. */
function observed(changes: Partial<ServerObservations> = {}): ServerObservations {
  return {
    changes: [4, 5, 6],
    newPods: [55, 60],
    feeds: { drops: {}, leastShare: 0.52, valid: 50, renewals: 40, withdrawn: 0, certificates: [] },
    durationMs: 9_000,
    sessions: 50,
    probes: [
      { name: 'liveness', made: 2, failures: [], tookMs: [2, 3] },
      { name: 'readiness', made: 2, failures: [], tookMs: [2, 3] },
    ],
    timerDelay: { p99Ms: 2, worstMs: 40 },
    server: { peak: { bytes: 80 * MIB, socketBytes: 0 }, limitBytes: 512 * MIB, ends: [], oomKills: 0 },
    afterBytes: 70 * MIB,
    loggedBytes: 1_000,
    cpuShare: 1,
    ...changes,
  };
}

function problemsOf(changes: Partial<ServerObservations>, changesWithinMs?: number): readonly string[] {
  return judgeTenants('An attack.', observed(changes), changesWithinMs).problems;
}

const feeds = (changes: Partial<ServerObservations['feeds']>) => ({
  feeds: { ...observed().feeds, ...changes },
});

describe('judgeTenants', () => {
  it('An attack that no tenant notices yields no problems', () => {
    expect(problemsOf({})).toEqual([]);
  });

  it('A change that takes over one second plus the timer delay is reported', () => {
    expect(problemsOf({ changes: [5, 1_041] })).toEqual([
      'changes: the slowest took 1041 ms; the server got 100 % of the CPU that it needed, ' +
        'and timers were up to 40 ms late',
    ]);
    expect(problemsOf({ changes: [5, 1_039] })).toEqual([]);
  });

  it('A change may take longer in proportion to the CPU that the server did not get', () => {
    expect(problemsOf({ changes: [2_039], cpuShare: 0.5 })).toEqual([]);
    expect(problemsOf({ changes: [2_041], cpuShare: 0.5 })).toEqual([
      expect.stringMatching(/^changes: the slowest took 2041 ms; the server got 50 %/),
    ]);
  });

  it('An attack can allow changes more time', () => {
    expect(problemsOf({ changes: [2_000] }, 3_000)).toEqual([]);
    expect(problemsOf({ newPods: [2_000] }, 3_000)).toEqual([
      expect.stringMatching(/^new Pods: the slowest took 2000 ms/),
    ]);
  });

  it('A change that did not arrive, and a lack of changes, are reported', () => {
    expect(problemsOf({ changes: [5, undefined] })).toEqual(['changes: 1 of 2 timed out']);
    expect(problemsOf({ newPods: [] })).toEqual(['new Pods: none happened']);
  });

  it('A session with less than 25 minutes of an hour left is reported', () => {
    expect(problemsOf(feeds({ leastShare: 0.41 }))).toEqual([
      'an honest session had 25 of 60 minutes left; R2 promises 25',
    ]);
    expect(problemsOf(feeds({ leastShare: 0.42 }))).toEqual([]);
  });

  it('Ended streams, revoked decisions and missing sessions are reported', () => {
    expect(problemsOf(feeds({ drops: { broken: 2 } }))).toEqual(['2 streams of honest nodes ended: broken']);
    expect(problemsOf(feeds({ withdrawn: 3 }))).toEqual(['honest Pods were denied their role 3 times']);
    expect(problemsOf(feeds({ valid: 49 }))).toEqual(['only 49 of 50 honest sessions are valid at the end']);
  });

  it('A lack of renewals is reported if the attack lasted long enough for one', () => {
    expect(problemsOf(feeds({ renewals: 0 }))).toEqual([
      'no honest session was renewed, which proves nothing',
    ]);
    expect(problemsOf({ ...feeds({ renewals: 0 }), durationMs: 5_000 })).toEqual([]);
  });

  it('Failed probes and slow probes are reported', () => {
    const [live, ready] = [
      { name: 'liveness', made: 1, failures: ['timeout'], tookMs: [5_000] },
      { name: 'readiness', made: 1, failures: [], tookMs: [2] },
    ];
    expect(problemsOf({ probes: [live, ready] })).toEqual([
      expect.stringMatching(/^1 of 1 probes failed: liveness \(timeout\);/),
      'liveness probes: p99 is 5000 ms',
    ]);
    expect(problemsOf({ probes: [{ ...live, failures: [], tookMs: [900] }, ready] })).toEqual([]);
  });

  it('A server that ended, and a log of more than 10 MiB, are reported', () => {
    expect(problemsOf({ server: { ...observed().server, ends: ['SIGABRT'] } })).toEqual([
      'server ended unexpectedly: SIGABRT',
    ]);
    expect(problemsOf({ loggedBytes: 11 * MIB })).toEqual(['the server logged 11 MiB']);
  });

  it('A report row has a cell for each column except the last, which is about a restart', () => {
    const { row } = judgeTenants('An attack.', observed({ changes: [4, undefined, 6] }));
    expect(row).toEqual([
      'An attack.',
      '2: 5.0 ms, 6.0 ms; 1 lost',
      '2: 58 ms, 60 ms',
      '31 of 60 min',
      '4 of 4',
      '3.0 ms',
      '40 ms',
      '100 %',
      '80 / 512 MiB',
      '70 MiB',
      '0',
    ]);
    expect(row).toHaveLength(tenantsHead.length - 1);
  });
});

import { describe, expect, it } from 'vitest';
import { judge, tableHead } from '../judge.ts';
import type { Answers } from '../clients/calls.ts';
import type { ProgramObservations, Observations } from '../watch/observations.ts';

const MIB = 2 ** 20;

function answers(changes: Partial<Answers> = {}): Answers {
  const tookMs = Array.from({ length: 100 }, () => 5);
  return { requests: 100, failures: {}, tookMs, ...changes };
}

function program(changes: Partial<ProgramObservations> = {}): ProgramObservations {
  return {
    peak: { bytes: 60 * MIB, socketBytes: 0 },
    limitBytes: 256 * MIB,
    ends: [],
    oomKills: 0,
    ...changes,
  };
}

/** Observations of an attack without effects, except for the changes. */
function observed(changes: Partial<Observations> = {}): Observations {
  return {
    others: answers(),
    workers: undefined,
    probes: [{ name: 'agent liveness', made: 6, failures: [], tookMs: [] }],
    timerDelay: { p99Ms: 2, worstMs: 40 },
    programs: { agent: program(), reconcile: program(), server: program() },
    othersDisrupted: false,
    ...changes,
  };
}

function problemsOf(changes: Partial<Observations>): readonly string[] {
  return judge('An attack.', observed(changes)).problems;
}

describe('judge', () => {
  it('An attack without effects yields no problems', () => {
    expect(problemsOf({})).toEqual([]);
  });

  it("A failed request of another Pod is reported with its cause and the delay of the machine's timers", () => {
    const failures = { 'list: 503': 2, 'token: timeout': 1 };
    expect(problemsOf({ others: answers({ failures }) })).toEqual([
      'other Pods: 3 of 100 requests failed (2 × list: 503, 1 × token: timeout); ' +
        'timers were 2.0 ms late (p99), up to 40 ms',
    ]);
  });

  it('A p99 above one second is reported, and one below is not', () => {
    const slow = (ms: number) => answers({ tookMs: Array.from({ length: 100 }, () => ms) });
    expect(problemsOf({ others: slow(1_001) })).toEqual([
      expect.stringMatching(/^other Pods: p99 is 1001 ms;/),
    ]);
    expect(problemsOf({ others: slow(999) })).toEqual([]);
  });

  it('An attack during which no Pod sent a request proves nothing and is reported', () => {
    expect(problemsOf({ others: answers({ requests: 0, tookMs: [] }) })).toEqual([
      'other Pods: no requests were sent',
    ]);
  });

  it('A failed request of a worker is reported', () => {
    expect(problemsOf({ workers: answers({ failures: { 'token: 503': 4 } }) })).toEqual([
      expect.stringMatching(/^the workers: 4 of 100 requests failed/),
    ]);
  });

  it('Other Pods are not judged if the suite itself took away what they need', () => {
    expect(problemsOf({ othersDisrupted: true, others: answers({ failures: { 'list: 503': 9 } }) })).toEqual(
      [],
    );
  });

  it('A program that has ended is reported, and whether it was killed at its memory limit', () => {
    const programs = {
      ...observed().programs,
      agent: program({ ends: ['SIGKILL'], oomKills: 1 }),
      server: program({ ends: ['exit code 134'] }),
    };
    expect(problemsOf({ programs })).toEqual([
      'agent ended unexpectedly: SIGKILL; OOM kills: 1',
      'server ended unexpectedly: exit code 134',
    ]);
  });

  it('An OOM kill that left the program running, such as that of a probe, is reported', () => {
    const programs = { ...observed().programs, agent: program({ oomKills: 1 }) };
    expect(problemsOf({ programs })).toEqual(['agent still runs, but OOM kills in its control group: 1']);
  });

  it('Memory over the limit is reported, socket buffers included', () => {
    const peak = { bytes: 285 * MIB, socketBytes: 41 * MIB };
    const programs = { ...observed().programs, agent: program({ peak }) };
    expect(problemsOf({ programs })).toEqual([
      'agent used 285 MiB, 41 MiB of it in socket buffers; its limit is 256 MiB',
    ]);
  });

  it('A failed probe is reported with each kind of failure once', () => {
    const probes = [
      { name: 'agent liveness', made: 6, failures: ['timeout', 'timeout', 'ECONNRESET'], tookMs: [] },
    ];
    expect(problemsOf({ probes })).toEqual([
      expect.stringMatching(/^3 of 6 probes failed: agent liveness \(timeout, ECONNRESET\);/),
    ]);
  });

  it('The promised 100 ms are reported but not judged', () => {
    const others = answers({ tookMs: Array.from({ length: 100 }, () => 101) });
    const { problems, row } = judge('An attack.', observed({ others }));
    expect(problems).toEqual([]);
    expect(row[tableHead.indexOf('≤ 100 ms')]).toBe('no');
  });

  it('A report row has a cell for each column', () => {
    const { row } = judge('An attack.', observed({ others: answers({ failures: { 'list: 503': 2 } }) }));
    expect(row).toEqual([
      'An attack.',
      '98 of 100',
      '5.0 ms',
      '5.0 ms',
      'yes',
      '2.0 ms',
      '60 / 256 MiB',
      '60 / 256 MiB',
      '60 / 256 MiB',
      '0',
      '6 of 6',
    ]);
    expect(row).toHaveLength(tableHead.length);
  });
});

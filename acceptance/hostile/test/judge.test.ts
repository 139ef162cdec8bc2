import { describe, expect, it } from 'vitest';
import { judge, tableHead } from '../judge.ts';
import type { Answers } from '../clients/orders.ts';
import type { ProgramSeen, Seen } from '../watch/seen.ts';

const MIB = 2 ** 20;

function answers(changes: Partial<Answers> = {}): Answers {
  const tookMs = Array.from({ length: 100 }, () => 5);
  return { requests: 100, failures: {}, tookMs, ...changes };
}

function program(changes: Partial<ProgramSeen> = {}): ProgramSeen {
  return {
    high: { bytes: 60 * MIB, socketBytes: 0 },
    limitBytes: 256 * MIB,
    ends: [],
    oomKills: 0,
    ...changes,
  };
}

/** Of an attack that nobody has noticed, but for the changes. */
function seen(changes: Partial<Seen> = {}): Seen {
  return {
    others: answers(),
    crowd: undefined,
    probes: [{ name: 'agent liveness', made: 6, failures: [], tookMs: [] }],
    late: { p99Ms: 2, worstMs: 40 },
    programs: { agent: program(), reconcile: program(), server: program() },
    disturbed: false,
    ...changes,
  };
}

function faultsOf(changes: Partial<Seen>): readonly string[] {
  return judge('An attack.', seen(changes)).faults;
}

describe('judge', () => {
  it('finds no fault if nobody has noticed the attack', () => {
    expect(faultsOf({})).toEqual([]);
  });

  it("A failed request of another Pod is reported with its cause and the delay of the machine's timers", () => {
    const failures = { 'list: 503': 2, 'token: timeout': 1 };
    expect(faultsOf({ others: answers({ failures }) })).toEqual([
      'other Pods: 3 of 100 requests failed (2 × list: 503, 1 × token: timeout); ' +
        "the machine's own timers were 2.0 ms late (p99), 40 ms at worst",
    ]);
  });

  it('A p99 above one second is reported, and one below is not', () => {
    const slow = (ms: number) => answers({ tookMs: Array.from({ length: 100 }, () => ms) });
    expect(faultsOf({ others: slow(1_001) })).toEqual([
      expect.stringMatching(/^other Pods: p99 is 1001 ms;/),
    ]);
    expect(faultsOf({ others: slow(999) })).toEqual([]);
  });

  it('An attack during which no Pod sent a request proves nothing and is reported', () => {
    expect(faultsOf({ others: answers({ requests: 0, tookMs: [] }) })).toEqual([
      'other Pods: nobody has asked anything',
    ]);
  });

  it('A failed request of a crowd is reported', () => {
    expect(faultsOf({ crowd: answers({ failures: { 'token: 503': 4 } }) })).toEqual([
      expect.stringMatching(/^the crowd: 4 of 100 requests failed/),
    ]);
  });

  it('Other Pods are not judged if the suite itself took away what they need', () => {
    expect(faultsOf({ disturbed: true, others: answers({ failures: { 'list: 503': 9 } }) })).toEqual([]);
  });

  it('A program that has ended is reported, and whether it was killed at its memory limit', () => {
    const programs = {
      ...seen().programs,
      agent: program({ ends: ['SIGKILL'], oomKills: 1 }),
      server: program({ ends: ['exit code 134'] }),
    };
    expect(faultsOf({ programs })).toEqual([
      'agent ended by itself: SIGKILL; the kernel killed 1 at the memory limit',
      'server ended by itself: exit code 134',
    ]);
  });

  it('An OOM kill that left the program running, such as that of a probe, is reported', () => {
    const programs = { ...seen().programs, agent: program({ oomKills: 1 }) };
    expect(faultsOf({ programs })).toEqual(['agent: the kernel killed 1 processes at the memory limit']);
  });

  it('Memory over the limit is reported, socket buffers included', () => {
    const high = { bytes: 285 * MIB, socketBytes: 41 * MIB };
    const programs = { ...seen().programs, agent: program({ high }) };
    expect(faultsOf({ programs })).toEqual([
      'agent needed 285 MiB, 41 of it in socket buffers; its limit is 256',
    ]);
  });

  it('A failed probe is reported with each kind of failure once', () => {
    const probes = [
      { name: 'agent liveness', made: 6, failures: ['timeout', 'timeout', 'ECONNRESET'], tookMs: [] },
    ];
    expect(faultsOf({ probes })).toEqual([
      expect.stringMatching(/^3 of 6 probes failed: agent liveness \(timeout, ECONNRESET\);/),
    ]);
  });

  it('The promised 100 ms are reported but not judged', () => {
    const others = answers({ tookMs: Array.from({ length: 100 }, () => 101) });
    const { faults, row } = judge('An attack.', seen({ others }));
    expect(faults).toEqual([]);
    expect(row[tableHead.indexOf('≤ 100 ms')]).toBe('no');
  });

  it('A report row has a cell for each column', () => {
    const { row } = judge('An attack.', seen({ others: answers({ failures: { 'list: 503': 2 } }) }));
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

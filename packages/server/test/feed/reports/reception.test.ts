import { describe, expect, it } from 'vitest';
import { reasons, rolegateService } from '@rolegate/protocol';
import type { AgentReport } from '@rolegate/protocol';
import fc from 'fast-check';
import { receiveReport } from '../../../src/feed/reports/reception.ts';

const ID = '0123456789abcdef0123456789abcdef';
const UID = '46f9f3c8-2f0f-4e5f-8c9d-0d3f4fd5e1aa';

const receive = (report: AgentReport) => receiveReport(rolegateService.Feed.requestSerialize(report));

describe('Report reception', () => {
  it('A report is accepted as an agent sends it', () => {
    const held = { sessionId: ID, fingerprint: 'a1b2c3d4', remainingMs: 1, lifetimeMs: 2, unusedMs: 3 };
    // What an agent needs and does not have: it says since when it has waited.
    const needed = { sessionId: ID, fingerprint: '', remainingMs: -90_000, lifetimeMs: 0, unusedMs: 90_000 };
    const old = { sessionId: ID, fingerprint: 'f', remainingMs: 1, lifetimeMs: 2 };
    const delivery = { podUid: UID, sessionId: ID, heldMs: 12 };
    const { report, dropped } = receive({
      nodeName: 'node-a',
      version: '0.2.0-rc.1+build_7',
      heldSessions: [held, needed, old],
      interception: { nat: true, input: false },
      firstDeliveries: [delivery],
      answersByReason: { '': 5_000_000, NoRole: 1 },
      usedSessionIds: [ID],
    });
    expect(dropped.size).toBe(0);
    expect(report).toMatchObject({
      nodeName: 'node-a',
      version: '0.2.0-rc.1+build_7',
      heldSessions: [held, needed, old],
      firstDeliveries: [delivery],
      usedSessionIds: [ID],
    });
    expect(report.interception).toEqual({ nat: true, input: false });
    expect([...report.answers]).toEqual([
      ['', 5_000_000],
      ['NoRole', 1],
    ]);
  });

  it('A report without any fields is empty', () => {
    const { report, dropped } = receiveReport(Buffer.alloc(0));
    expect([report.version, report.interception, dropped.size]).toEqual(['', undefined, 0]);
  });

  it.each([true, false, undefined])(
    'Whether the agent serves container credentials is read as it is reported: %s',
    (serves) => {
      const { report, dropped } = receive(serves === undefined ? {} : { servesContainerCredentials: serves });
      expect([report.servesContainerCredentials, dropped.size]).toEqual([serves, 0]);
    },
  );

  it('A number that no protobuf library writes for a yes or no is dropped', () => {
    const { report, dropped } = receiveReport(Buffer.from([10 << 3, 0x81, 0x00]));
    expect(report.servesContainerCredentials).toBeUndefined();
    expect([...dropped]).toEqual([['servesContainerCredentials', 1]]);
  });

  it('Reasons of bad requests and of later versions are counted together, and not as invalid', () => {
    const { report, dropped } = receive({
      answersByReason: { MalformedRequest: 2, NewReason: 3, NoRole: 1 },
    });
    expect(Object.fromEntries(report.answers)).toEqual({ other: 5, NoRole: 1 });
    expect(dropped.size).toBe(0);
  });

  it.each<{ what: string; field: string; bad: AgentReport }>([
    { what: 'a version with a space', field: 'version', bad: { version: '1 2' } },
    { what: 'a version with a newline', field: 'version', bad: { version: '1\n' } },
    { what: 'a version of 65 characters', field: 'version', bad: { version: 'v'.repeat(65) } },
    { what: 'a reason with a space', field: 'answersByReason', bad: { answersByReason: { 'a b': 1 } } },
    { what: 'a reason with digits', field: 'answersByReason', bad: { answersByReason: { x1: 1 } } },
    {
      what: 'a reason of a prototype',
      field: 'answersByReason',
      bad: { answersByReason: { ['__proto__']: 1 } },
    },
    { what: 'a count beyond 10^9', field: 'answersByReason', bad: { answersByReason: { NoRole: 1e9 + 1 } } },
    { what: 'a count beyond 2^53', field: 'answersByReason', bad: { answersByReason: { NoRole: 2 ** 60 } } },
    { what: 'a session ID with a space', field: 'usedSessionIds', bad: { usedSessionIds: ['a b'] } },
    {
      what: 'a resourceVersion that is no number',
      field: 'newestSeen',
      bad: { newestSeen: { pod: '1', namespace: '-1', serviceAccount: '' } },
    },
    { what: 'a time that is yet to come', field: 'forgotMs', bad: { forgotMs: -1 } },
    { what: 'an empty session ID', field: 'usedSessionIds', bad: { usedSessionIds: [''] } },
    {
      what: 'a Pod UID with a slash',
      field: 'firstDeliveries',
      bad: { firstDeliveries: [{ podUid: 'a/b', sessionId: ID }] },
    },
    { what: 'no Pod UID', field: 'firstDeliveries', bad: { firstDeliveries: [{ sessionId: ID }] } },
    {
      what: 'a negative hold',
      field: 'firstDeliveries',
      bad: { firstDeliveries: [{ podUid: UID, sessionId: ID, heldMs: -1 }] },
    },
    {
      what: 'a fingerprint with a quote',
      field: 'heldSessions',
      bad: { heldSessions: [{ sessionId: ID, fingerprint: '"' }] },
    },
    {
      what: 'a negative lifetime',
      field: 'heldSessions',
      bad: { heldSessions: [{ sessionId: ID, lifetimeMs: -1 }] },
    },
    {
      what: 'a negative idle time',
      field: 'heldSessions',
      bad: { heldSessions: [{ sessionId: ID, unusedMs: -1 }] },
    },
    {
      what: 'a remaining life beyond 2^53',
      field: 'heldSessions',
      bad: { heldSessions: [{ sessionId: ID, remainingMs: 2 ** 60 }] },
    },
    {
      what: 'a held session without an ID',
      field: 'heldSessions',
      bad: { heldSessions: [{ fingerprint: 'f' }] },
    },
  ])('A report loses only $what', ({ field, bad }) => {
    const good: AgentReport = {
      nodeName: 'node-a',
      usedSessionIds: [ID],
      answersByReason: { TooManyRequests: 7 },
    };
    const { report, dropped } = receiveReport(
      Buffer.concat([
        rolegateService.Feed.requestSerialize(good),
        rolegateService.Feed.requestSerialize(bad),
      ]),
    );
    expect([...dropped]).toEqual([[field, 1]]);
    expect(report).toMatchObject({
      nodeName: 'node-a',
      version: field === 'version' ? 'invalid' : '',
      usedSessionIds: [ID],
      heldSessions: [],
      firstDeliveries: [],
    });
    expect([...report.answers]).toEqual([['TooManyRequests', 7]]);
  });

  it('A later report has room for 500 Pods with a session each, all served for the first time', () => {
    const ids = Array.from({ length: 500 }, (_, at) => ID.slice(0, 29) + String(at).padStart(3, '0'));
    const report = {
      usedSessionIds: ids,
      firstDeliveries: ids.map((sessionId) => ({ podUid: UID, sessionId, heldMs: 850 })),
      answersByReason: Object.fromEntries(['', ...Object.keys(reasons)].map((reason) => [reason, 1_000_000])),
    };
    expect(rolegateService.Feed.requestSerialize(report).length).toBeLessThan(64 * 1024);
    expect(receive(report).dropped.size).toBe(0);
  });
});

describe('Reports of any peer', () => {
  const LABELS = new Set(['', 'other', ...Object.keys(reasons)]);

  /** What every part of a report must be, whoever made it. */
  function expectBounded(bytes: Buffer): void {
    const received = (() => {
      try {
        return receiveReport(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        return undefined;
      }
    })();
    if (received === undefined) return;
    const { report } = received;
    expect(report.version).toMatch(/^[\w.+-]{0,64}$/);
    expect(report.nodeName.length).toBeLessThanOrEqual(253);
    expect([...report.answers.keys()].filter((label) => !LABELS.has(label))).toEqual([]);
    expect([...report.answers.values()].every((count) => count >= 0 && count <= 64e9)).toBe(true);
    for (const { sessionId, fingerprint, lifetimeMs } of report.heldSessions)
      expect(`${sessionId} ${fingerprint} ${lifetimeMs}`).toMatch(/^[\w-]{1,64} [\w-]{0,64} \d+$/);
    for (const { podUid, sessionId, heldMs } of report.firstDeliveries)
      expect(`${podUid} ${sessionId} ${heldMs}`).toMatch(/^[\w-]{1,63} [\w-]{1,64} \d+$/);
    for (const id of report.usedSessionIds) expect(id).toMatch(/^[\w-]{1,64}$/);
    expect(report.heldSessions.length).toBeLessThanOrEqual(4_096);
    expect(report.firstDeliveries.length).toBeLessThanOrEqual(1_024);
    expect(report.usedSessionIds.length).toBeLessThanOrEqual(4_096);
  }

  const word = fc.oneof(
    fc.constantFrom(ID, UID, 'NoRole', '', '1'),
    fc.string({ unit: 'binary', maxLength: 100 }),
  );
  const number = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 2 ** 53, 2 ** 60, -(2 ** 60)));
  const anyReport = fc.record(
    {
      nodeName: word,
      version: word,
      heldSessions: fc.array(
        fc.record({
          sessionId: word,
          fingerprint: word,
          remainingMs: number,
          lifetimeMs: number,
          unusedMs: number,
        }),
      ),
      interception: fc.record({ nat: fc.boolean(), route: fc.boolean() }, { requiredKeys: [] }),
      firstDeliveries: fc.array(fc.record({ podUid: word, sessionId: word, heldMs: number })),
      answersByReason: fc.dictionary(word, number),
      usedSessionIds: fc.array(word),
    },
    { requiredKeys: [] },
  );

  it('Any report of a peer becomes a report within the limits', () => {
    fc.assert(
      fc.property(anyReport, (report) => {
        expectBounded(rolegateService.Feed.requestSerialize(report));
      }),
    );
  });

  it('Any bytes of a peer are refused, or become a report within the limits', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.constantFrom(
        ...[0x0a, 0x12, 0x1a, 0x22, 0x2a, 0x32, 0x3a].map((tag) => Uint8Array.of(tag, 2, 0x0a, 0)),
      ),
      anyReport.map((report) => rolegateService.Feed.requestSerialize(report)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        expectBounded(Buffer.concat(pieces));
      }),
      { numRuns: 500 },
    );
  });
});

import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import type { Decision } from '../../../src/feed/table/known-pod.ts';
import { createPodTable } from '../../../src/feed/table/pod-table.ts';
import { allow, createTestLog, credentials, decidedOn, knownPod } from '../../addresses/known-pods.ts';

const DENY: Decision = { kind: 'deny', reason: 'NamespaceDenied', message: 'revoked' };

function setup() {
  const clock = createFakeClock();
  const log = createTestLog();
  const table = createPodTable({ clock, log });
  const kind = (uid = 'uid-1') => table.pod(uid)?.decision.kind;
  return { clock, log, table, kind };
}

describe('Sessions of the Pod table', () => {
  it('A session is dropped at once when the decision that names it is revoked', () => {
    const { table } = setup();
    table.setPod(knownPod(), decidedOn(5));
    table.setSession({ id: 'session-1', credentials: credentials(1_000) });
    table.setPod(knownPod({ decision: DENY }), decidedOn(6));
    expect(table.session('session-1')).toBeUndefined();
    expect(table.cachedSessions()).toEqual([]);
  });

  it.each([
    {
      how: 'removed',
      end: (table: ReturnType<typeof setup>['table']) => {
        table.removePod('uid-1', '6');
      },
    },
    {
      how: 'given another role',
      end: (table: ReturnType<typeof setup>['table']) =>
        void table.setPod(knownPod({ decision: allow('session-2') }), decidedOn(6)),
    },
  ])('A session is kept as long as one of its Pods needs it, and no longer ($how)', ({ end }) => {
    const { table } = setup();
    table.setSession({ id: 'session-1', credentials: credentials(1_000) });
    table.setPod(knownPod({ uid: 'uid-2' }), decidedOn(5));
    table.setPod(knownPod(), decidedOn(5));
    table.removePod('uid-2', '6');
    expect(table.session('session-1')).toBeDefined();
    end(table);
    expect(table.session('session-1')).toBeUndefined();
  });

  it('A session survives an update of its only Pod that names it again', () => {
    const { table } = setup();
    table.setSession({ id: 'session-1', credentials: credentials(1_000) });
    table.setPod(knownPod(), decidedOn(5));
    table.setPod(knownPod({ terminating: true }), decidedOn(6));
    expect(table.session('session-1')?.credentials).toBeDefined();
  });

  it('A session can arrive before its Pod in a snapshot, even if the snapshot takes it from another Pod', () => {
    const { table } = setup();
    table.setPod(knownPod(), decidedOn(5));
    table.beginSnapshot();
    table.setSession({ id: 'session-1', credentials: credentials(1_000) });
    table.setPod(knownPod({ decision: DENY }), decidedOn(6));
    table.setPod(knownPod({ uid: 'uid-2' }), decidedOn(6));
    table.endSnapshot('7');
    expect(table.session('session-1')?.credentials).toBeDefined();
  });

  it('A session that no Pod names by the end of the snapshot is dropped', () => {
    const { table } = setup();
    table.beginSnapshot();
    table.setSession({ id: 'session-1', credentials: credentials(1_000) });
    expect(table.session('session-1')).toBeDefined();
    table.endSnapshot('7');
    expect(table.session('session-1')).toBeUndefined();
  });

  it('A session is removed when the server says so, unless a current decision names it', () => {
    const { table } = setup();
    table.setSession({ id: 'session-1' });
    table.removeSession('session-1');
    expect(table.session('session-1')).toBeUndefined();
    table.setSession({ id: 'session-1', credentials: credentials(1_000) });
    table.setPod(knownPod(), decidedOn(5));
    table.removeSession('session-1');
    expect(table.session('session-1')?.credentials).toBeDefined();
  });

  it('A session keeps valid credentials despite a failure, and drops the failure with the next credentials', () => {
    const { table } = setup();
    const failure = { reason: 'StsUnavailable', message: 'away' } as const;
    table.setSession({ id: 'session-1', credentials: credentials(1_000) });
    table.setSession({ id: 'session-1', failure });
    expect(table.session('session-1')).toEqual({ id: 'session-1', credentials: credentials(1_000), failure });
    table.setSession({ id: 'session-1', credentials: credentials(2_000, 'f2') });
    expect(table.session('session-1')).toEqual({ id: 'session-1', credentials: credentials(2_000, 'f2') });
  });

  it('A session does not go back to credentials that expire sooner', () => {
    const { table } = setup();
    table.setSession({ id: 'session-1', credentials: credentials(2_000, 'new') });
    table.setSession({ id: 'session-1', credentials: credentials(1_000, 'old') });
    expect(table.session('session-1')?.credentials?.fingerprint).toBe('new');
  });

  it('A session loses its credentials when they expire by the monotonic clock, and logs it', async () => {
    const { table, clock, log } = setup();
    let told = 0;
    table.setPod(knownPod(), decidedOn(5));
    table.setSession({ id: 'session-1', credentials: credentials(1_000) });
    await clock.advance(999);
    clock.jumpWall(3_600_000);
    table.onChange(() => {
      told += 1;
    });
    expect(table.session('session-1')?.credentials).toBeDefined();
    await clock.advance(1);
    expect(table.session('session-1')).toEqual({ id: 'session-1' });
    expect(told).toBe(1);
    expect(log.lines).toContainEqual([
      'warn',
      'credentials expired',
      {
        reason: 'CredentialsExpired',
        session: 'session-1',
        role: expect.any(String),
        pods: [expect.stringContaining('/')],
        hint: expect.any(String),
      },
    ]);
    expect(clock.pending).toBe(0);
  });

  it('A session takes new credentials after the old ones have expired', async () => {
    const { table, clock } = setup();
    table.setSession({ id: 'session-1', credentials: credentials(1_000) });
    await clock.advance(1_500);
    table.setSession({ id: 'session-1', credentials: credentials(2_000, 'f2') });
    expect(table.cachedSessions()).toEqual([
      { id: 'session-1', fingerprint: 'f2', remainingMs: 500, lifetimeMs: 3_600_000 },
    ]);
  });

  it('A session is reported with how long it has been unused, even if its credentials are renewed or lapsed', async () => {
    const { table, clock } = setup();
    const unused = () => table.reportedSessions().map(({ unusedMs }) => unusedMs);
    table.setPod(knownPod(), decidedOn(5));
    table.setSession({ id: 'session-1', credentials: credentials(1_000) });
    await clock.advance(300);
    expect([table.sessionAsked('session-1'), unused()]).toEqual([true, [0]]);
    await clock.advance(500);
    table.setSession({ id: 'session-1', credentials: credentials(2_000) });
    expect(unused()).toEqual([500]);
    await clock.advance(1_500);
    const lapsed = { id: 'session-1', fingerprint: '', remainingMs: -2_000, lifetimeMs: 0, unusedMs: 2_000 };
    expect([table.cachedSessions(), table.reportedSessions()]).toEqual([[], [lapsed]]);
    expect([table.sessionAsked('session-1'), unused()]).toEqual([false, [0]]);
  });

  it('A session leaves no timer behind', () => {
    const { table, clock } = setup();
    table.setSession({ id: 'session-1', credentials: credentials(1_000) });
    table.setSession({ id: 'session-1', credentials: credentials(2_000) });
    expect(clock.pending).toBe(1);
    table.removeSession('session-1');
    expect(clock.pending).toBe(0);
  });
});

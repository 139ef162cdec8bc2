import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createPodTable } from '../../../src/feed/table/pod-table.ts';
import { allow, createTestLog, credentials, decidedOn, knownPod } from '../../addresses/known-pods.ts';

const DENY = { kind: 'deny', reason: 'NamespaceDenied', message: '' } as const;

function setup() {
  const clock = createFakeClock();
  let withdrawals = 0;
  const make = () => createPodTable({ clock, log: createTestLog(), withdrawn: () => (withdrawals += 1) });
  const table = make();
  return {
    clock,
    table,
    withdrawals: () => withdrawals,
    /** A table restored from this one. */
    restored: () => {
      const next = make();
      next.restore(table.contents());
      return next;
    },
  };
}

describe('Restored Pod table', () => {
  it('A restored Pod table is synced and has the same Pods and sessions', () => {
    const { table, restored } = setup();
    table.setPod(knownPod({ ips: ['10.1.0.7'], runtimeUid: 'hash' }), decidedOn(5));
    table.setSession({ id: 'session-1', credentials: credentials(3_600_000) });
    const next = restored();
    expect(next.synced).toBe(true);
    expect(next.contents()).toEqual(table.contents());
    expect(next.podsByIp('10.1.0.7')).toEqual(table.pods());
    expect(next.podByRuntimeUid('hash')?.uid).toBe('uid-1');
    expect(next.cachedSessions()).toEqual(table.cachedSessions());
  });

  it('A restored Pod table knows when a session was last used; if unknown, it counts as used now', async () => {
    const { table, clock, restored } = setup();
    const unused = (from: ReturnType<typeof restored>) =>
      from.reportedSessions().map(({ unusedMs }) => unusedMs);
    table.setPod(knownPod(), decidedOn(5));
    table.setSession({ id: 'session-1', credentials: credentials(3_600_000) });
    await clock.advance(60_000);
    expect(unused(restored())).toEqual([60_000]);
    table.restore({ ...table.contents(), sessions: [{ id: 'session-1' }] });
    expect(unused(table)).toEqual([0]);
  });

  it('A restored Pod table drops older decisions as the previous one would', () => {
    const { table, restored } = setup();
    table.setPod(knownPod({ decision: DENY }), decidedOn(5));
    table.setPod(knownPod({ decision: DENY }), { ...decidedOn(6), serviceAccount: '' });
    const next = restored();
    expect(next.setPod(knownPod(), { ...decidedOn(6), serviceAccount: '4' })).toBe('older');
    expect(next.setPod(knownPod(), { ...decidedOn(6), serviceAccount: '5' })).toBe('set');
  });

  it('A restored Pod table does not bring back a removed Pod for as long as the previous one would not', async () => {
    const { table, clock, restored } = setup();
    table.setPod(knownPod(), decidedOn(5));
    table.removePod('uid-1', '6');
    await clock.advance(599_999);
    expect(restored().setPod(knownPod(), decidedOn(5))).toBe('older');
    await clock.advance(1);
    expect(restored().setPod(knownPod(), decidedOn(5))).toBe('set');
  });

  it('A restored Pod table drops credentials that expire or that no Pod needs', async () => {
    const { table, clock, restored } = setup();
    table.setPod(knownPod(), decidedOn(5));
    table.setSession({ id: 'session-1', credentials: credentials(1_000) });
    const { pods, gone, sessions } = table.contents();
    const next = createPodTable({ clock, log: createTestLog() });
    next.restore({ pods: [], gone, sessions });
    expect([pods.length, next.session('session-1')]).toEqual([1, undefined]);
    const other = restored();
    expect(other.session('session-1')?.credentials).toBeDefined();
    await clock.advance(1_000);
    expect(other.session('session-1')?.credentials).toBeUndefined();
  });

  it('A restored Pod table is reconciled by the next snapshot', () => {
    const { table, restored } = setup();
    table.setPod(knownPod(), decidedOn(5));
    table.setPod(knownPod({ uid: 'stays' }), decidedOn(5));
    const next = restored();
    next.beginSnapshot();
    next.setPod(knownPod({ uid: 'stays' }), decidedOn(5));
    next.setPod(knownPod({ uid: 'new' }), decidedOn(6));
    next.endSnapshot('6');
    expect(next.pods().map(({ uid }) => uid)).toEqual(['stays', 'new']);
  });
});

describe('Withdrawals', () => {
  type Step = (table: ReturnType<typeof setup>['table']) => void;
  const steps: { what: string; step: Step; told: number }[] = [
    { what: 'a permit', step: (t) => t.setPod(knownPod({ decision: DENY }), decidedOn(6)), told: 2 },
    { what: 'a role', step: (t) => t.setPod(knownPod({ decision: allow('s-2') }), decidedOn(6)), told: 2 },
    {
      what: 'a right to other metadata',
      step: (t) => t.setPod(knownPod({ metadata: { denied: true } }), decidedOn(6)),
      told: 1,
    },
    { what: 'an end', step: (t) => t.setPod(knownPod({ ended: true }), decidedOn(6)), told: 1 },
    { what: 'nothing but versions', step: (t) => t.setPod(knownPod(), decidedOn(6)), told: 1 },
    {
      what: 'a Pod',
      step: (t) => {
        t.removePod('uid-1', '6');
      },
      told: 2,
    },
    { what: 'nothing: the same again', step: (t) => t.setPod(knownPod(), decidedOn(5)), told: 0 },
    {
      what: 'nothing: an older decision',
      step: (t) => t.setPod(knownPod({ decision: DENY }), decidedOn(4)),
      told: 0,
    },
    { what: 'nothing: a new Pod', step: (t) => t.setPod(knownPod({ uid: 'uid-2' }), decidedOn(6)), told: 0 },
    {
      what: 'nothing: newer credentials',
      step: (t) => {
        t.setSession({ id: 'session-1', credentials: credentials(2_000) });
      },
      told: 0,
    },
  ];
  it.each(steps)('The Pod table reports at once what an update withdraws ($what)', ({ step, told }) => {
    const { table, withdrawals } = setup();
    table.setPod(knownPod(), decidedOn(5));
    table.setSession({ id: 'session-1', credentials: credentials(1_000) });
    step(table);
    expect(withdrawals()).toBe(told);
  });

  it('A Pod that the snapshot does not name is reported as withdrawn at once', () => {
    const { table, withdrawals } = setup();
    table.setPod(knownPod(), decidedOn(5));
    table.beginSnapshot();
    table.endSnapshot('6');
    expect(withdrawals()).toBeGreaterThan(0);
  });

  it('A session that no Pod needs is reported as withdrawn at once', () => {
    const { table, withdrawals } = setup();
    table.setSession({ id: 'session-9', credentials: credentials(1_000) });
    table.removeSession('session-9');
    expect(withdrawals()).toBe(1);
  });
});

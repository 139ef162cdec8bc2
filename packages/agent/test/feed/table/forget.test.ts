import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createPodTable } from '../../../src/feed/table/pod-table.ts';
import { allow, createTestLog, credentials, decidedOn, knownPod } from '../../addresses/known-pods.ts';

const DENY = { kind: 'deny', reason: 'NamespaceDenied', message: '' } as const;
const INPUTS = { pod: 'p', namespace: 'n', serviceAccount: 's' };

/** A table with a Pod decided at resourceVersion 6000, and one removed at 6001. */
function setup() {
  const clock = createFakeClock();
  const make = () => createPodTable({ clock, log: createTestLog() });
  const table = make();
  table.setPod(knownPod({ decision: allow('session-1'), inputs: INPUTS }), decidedOn(6000));
  table.setPod(knownPod({ uid: 'uid-gone' }), decidedOn(6000));
  table.setSession({ id: 'session-1', credentials: credentials(3_600_000) });
  table.removePod('uid-gone', '6001');
  table.endSnapshot('6001');
  /** As at the beginning of a stream. */
  const forget = () => {
    table.beginSnapshot();
    table.forget();
  };
  return { clock, table, make, forget };
}

describe('Forgetting resourceVersions', () => {
  it('After forgetting, the Pod table accepts older decisions once, and then none older than those', () => {
    const { table, forget } = setup();
    expect(table.setPod(knownPod({ decision: DENY }), decidedOn(900))).toBe('older');
    forget();
    expect(table.setPod(knownPod({ decision: DENY }), decidedOn(900))).toBe('set');
    expect(table.pod('uid-1')?.decision).toEqual(DENY);
    expect(table.setPod(knownPod(), decidedOn(899))).toBe('older');
  });

  it('After forgetting, decisions and credentials are kept until the new snapshot has others', () => {
    const { table, forget } = setup();
    forget();
    expect(table.pod('uid-1')?.decision).toEqual(allow('session-1'));
    expect(table.cachedSessions()).toHaveLength(1);
    table.setPod(knownPod({ decision: allow('session-1'), inputs: INPUTS }), decidedOn(900));
    table.endSnapshot('910');
    expect(table.cachedSessions()).toHaveLength(1);
  });

  it('After forgetting, a decision remains while the new one is pending, unless its inputs have changed', () => {
    const pending = { kind: 'pending', waitsFor: 'the base ARN' } as const;
    const wait = (namespace: string) => {
      const { table, forget } = setup();
      forget();
      const inputs = { ...INPUTS, namespace };
      table.setPod(knownPod({ decision: pending, inputs }), decidedOn(900));
      return table.pod('uid-1')?.decision.kind;
    };
    expect([wait('n'), wait('unseen'), wait('other')]).toEqual(['allow', 'allow', 'pending']);
  });

  it('After forgetting, a Pod that was removed can come back', () => {
    const { table, forget } = setup();
    forget();
    expect(table.setPod(knownPod({ uid: 'uid-gone' }), decidedOn(900))).toBe('set');
  });

  it('After forgetting, Pods that the older snapshot does not name are removed, and can come back', () => {
    const { table, forget } = setup();
    forget();
    table.endSnapshot('910');
    expect(table.pods()).toEqual([]);
    expect(table.setPod(knownPod(), decidedOn(905))).toBe('older');
    expect(table.setPod(knownPod(), decidedOn(911))).toBe('set');
  });

  it('The Pod table knows the newest resourceVersion of each kind, and since when it has forgotten', async () => {
    const { table, clock, forget } = setup();
    table.setPod(knownPod(), { pod: '6002', namespace: '6010', serviceAccount: 'odd' });
    expect(table.newestSeen()).toEqual({ pod: '6002', namespace: '6010', serviceAccount: '6000' });
    expect(table.forgotMs()).toBeUndefined();
    forget();
    table.setPod(knownPod(), { pod: 'odd', namespace: '', serviceAccount: 'odd' });
    expect(table.newestSeen()).toEqual({ pod: '', namespace: '', serviceAccount: '' });
    table.setPod(knownPod(), decidedOn(900));
    await clock.advance(5_000);
    expect([table.newestSeen(), table.forgotMs()]).toEqual([decidedOn(900), 5_000]);
  });

  it('The next process knows the newest resourceVersions, and since when they were forgotten', async () => {
    const { table, clock, make, forget } = setup();
    forget();
    table.setPod(knownPod(), decidedOn(900));
    table.endSnapshot('910');
    await clock.advance(5_000);
    const next = make();
    next.restore(table.contents());
    expect([next.newestSeen(), next.forgotMs()]).toEqual([decidedOn(900), 5_000]);
  });
});

import { describe, expect, it } from 'vitest';
import { createLedger } from '../cluster/clients/ledger.ts';

const LIFE_MS = 15_000;

function setup() {
  let nowMs = 1_000;
  const ledger = createLedger(() => nowMs);
  const received = ledger.node('node-0');
  const take = (update: object) => {
    ledger.take(received, update);
  };
  return {
    ...ledger,
    received,
    advance(ms: number) {
      nowMs += ms;
    },
    pod(uid: string, decision: object = allow('app'), namespace = 'stable-1') {
      take({ pod: { uid, namespace, name: 'app', metadata: { denied: false }, ...decision } });
    },
    credentials(sessionId: string, fingerprint: string) {
      const credentials = { fingerprint, remainingMs: LIFE_MS, lifetimeMs: LIFE_MS };
      take({ session: { sessionId, credentials } });
    },
    take,
  };
}

const allow = (role: string) => ({ allow: { sessionId: `session of ${role}`, roleName: role } });
const deny = { deny: { reason: 'NamespaceDenied' } };

describe('createLedger', () => {
  it('The lowest remaining share of a session at renewal is recorded', () => {
    const run = setup();
    run.pod('a');
    run.credentials('session of app', 'first');
    run.begin();
    run.advance(6_000);
    run.credentials('session of app', 'second');
    run.advance(1_500);
    expect(run.end()).toEqual({ drops: {}, leastShare: 0.6, valid: 1, renewals: 1, withdrawn: 0 });
  });

  it('The remaining share of a session that was never renewed is recorded until it expires', () => {
    const run = setup();
    run.pod('a');
    run.credentials('session of app', 'first');
    run.begin();
    run.advance(12_000);
    expect(run.state()).toEqual({ synced: 0, valid: 1, leastShare: 0.2 });
    run.advance(6_000);
    expect(run.end()).toMatchObject({ leastShare: 0, valid: 0, renewals: 0 });
  });

  it('Sessions of tenants that change are not judged', () => {
    const run = setup();
    run.pod('a', allow('app'), 'changed-1');
    run.credentials('session of app', 'first');
    run.advance(12_000);
    run.credentials('session of app', 'second');
    expect(run.end()).toMatchObject({ leastShare: 1, valid: 0, renewals: 0 });
  });

  it('Decisions revoked for unchanged tenants and ended streams are counted', () => {
    const run = setup();
    run.pod('a');
    run.begin();
    run.pod('a', deny);
    run.pod('b', deny, 'changed-1');
    run.recordDrop(run.received, 'broken');
    expect(run.end()).toMatchObject({ withdrawn: 1, drops: { broken: 1 } });
    run.begin();
    expect(run.end()).toMatchObject({ withdrawn: 0, drops: {} });
  });

  it('A stream counts as synced until it ends', () => {
    const run = setup();
    run.take({ synced: {} });
    expect(run.state().synced).toBe(1);
    run.recordDrop(run.received, 'broken');
    expect(run.state().synced).toBe(0);
  });

  it('The time of a decision is known whether it arrives before or after it is awaited', async () => {
    const run = setup();
    run.pod('a', allow('one'));
    const before = run.waitFor('a', 1_000, ({ decided }) => decided({ role: 'one' }));
    const after = run.waitFor('a', 1_000, ({ decided }) => decided('denied'));
    run.advance(50);
    run.pod('a', deny);
    await expect(before).resolves.toBe(1_000);
    await expect(after).resolves.toBe(1_050);
  });

  it('The time at which a Pod has credentials is known whichever message comes first', async () => {
    const run = setup();
    const first = run.waitFor('a', 1_000, ({ served }) => served());
    run.credentials('session of app', 'first');
    run.advance(20);
    run.pod('a');
    await expect(first).resolves.toBe(1_020);
    run.advance(30);
    run.pod('b', allow('other'));
    const second = run.waitFor('b', 1_000, ({ served }) => served());
    run.advance(40);
    run.credentials('session of other', 'second');
    await expect(second).resolves.toBe(1_090);
  });

  it('A removed Pod is noticed, and waiting for a decision that never comes times out', async () => {
    const run = setup();
    run.pod('a');
    const gone = run.waitFor('a', 1_000, (pod) => pod.gone());
    const never = run.waitFor('a', 1, ({ decided }) => decided('denied'));
    run.take({ podRemoved: { uid: 'a' } });
    await expect(gone).resolves.toBe(1_000);
    await expect(never).resolves.toBeUndefined();
  });

  it('Decisions are recorded for Pods in Namespaces with the given prefix', () => {
    const run = setup();
    run.pod('a', deny, 'late-1');
    run.record('late-');
    run.pod('a', { pending: {} }, 'late-1');
    run.pod('b', allow('app'), 'other');
    run.pod('a', allow('strong'), 'late-2');
    expect(run.recorded().map(({ namespace, role, pending }) => [namespace, role, pending])).toEqual([
      ['late-1', '', true],
      ['late-2', 'strong', false],
    ]);
    run.record('late-');
    expect(run.recorded()).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import type { FeedUpdate, FeedUpdateRead, IssuerKeysRead, PodState } from '@rolegate/protocol';
import { silentLog } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { applyUpdate } from '../../src/feed/apply-update.ts';
import type { ApplyDeps } from '../../src/feed/apply-update.ts';
import { createPodTable } from '../../src/feed/table/pod-table.ts';

const CREDENTIALS = {
  accessKeyId: 'ASIA1',
  secretAccessKey: 'secret',
  sessionToken: 'token',
  remainingMs: 3_000_000,
  lifetimeMs: 3_600_000,
  accountId: '123456789012',
  fingerprint: 'f1',
};

function setup() {
  const clock = createFakeClock();
  const table = createPodTable({ clock, log: silentLog });
  const keys: string[] = [];
  const issuerKeys: IssuerKeysRead[] = [];
  const deps: ApplyDeps & { setIssuerKeys: ApplyDeps['setIssuerKeys'] } = {
    table,
    clock,
    buildDocument: ({
      accessKeyId,
      lastUpdatedMs,
      expirationMs,
    }: {
      accessKeyId: string;
      lastUpdatedMs: number;
      expirationMs: number;
    }) => `${accessKeyId} ${lastUpdatedMs - clock.now()} ${expirationMs - clock.now()}`,
    setTokenKeys: (live: readonly { id: string }[]) => keys.splice(0, 2, ...live.map(({ id }) => id)),
    setIssuerKeys: (sent) => void issuerKeys.push(sent),
  };
  /** As decoded from the wire: oneof named, defaults filled in. */
  const apply = (update: FeedUpdate) => {
    applyUpdate({ ...update, update: Object.keys(update)[0] } as FeedUpdateRead, deps);
  };
  const pod = (state: Partial<PodState> = {}, version = '10') => {
    const defaults = {
      uid: 'u',
      namespace: 'shop',
      name: 'a',
      serviceAccount: 'default',
      runtimeUid: '',
      ips: [],
      metadata: null,
    };
    apply({
      pod: { ...defaults, resourceVersions: { pod: version, namespace: '5', serviceAccount: '5' }, ...state },
    });
  };
  const allow = {
    sessionId: 's',
    roleArn: 'arn:aws:iam::123456789012:role/app',
    roleName: 'app',
    sessionName: 'shop.default',
  };
  return { clock, table, keys, issuerKeys, deps, apply, pod, allow };
}

describe('Feed updates', () => {
  it('A permitted Pod and its credentials are known, with expiry and document counted on the agent’s clocks', () => {
    const { clock, table, apply, pod, allow } = setup();
    pod({ allow, ips: ['198.18.0.1'] });
    apply({ session: { sessionId: 's', credentials: CREDENTIALS, failure: null } });
    expect(table.pod('u')?.decision).toMatchObject({ kind: 'allow', sessionId: 's', roleName: 'app' });
    expect(table.session('s')?.credentials).toMatchObject({
      accessKeyId: 'ASIA1',
      expiresAtMs: clock.monotonic() + 3_000_000,
      document: 'ASIA1 -600000 3000000',
    });
  });

  it('Cached credentials are kept despite a failure, and the failure is forgotten once it is over', () => {
    const { table, apply, pod, allow } = setup();
    pod({ allow });
    apply({ session: { sessionId: 's', credentials: CREDENTIALS, failure: null } });
    apply({
      session: {
        sessionId: 's',
        credentials: null,
        failure: { reason: 'StsThrottled', message: 'slow' },
        heldFingerprint: 'f1',
      },
    });
    expect(table.session('s')).toMatchObject({
      credentials: { fingerprint: 'f1' },
      failure: { reason: 'StsThrottled' },
    });
    apply({ session: { sessionId: 's', credentials: null, failure: null, heldFingerprint: 'f1' } });
    expect(table.session('s')?.failure).toBeUndefined();
    expect(table.session('s')?.credentials?.fingerprint).toBe('f1');
  });

  it('The credentials of a withdrawn session are dropped at once', () => {
    const { table, apply, pod, allow } = setup();
    pod({ allow });
    apply({ session: { sessionId: 's', credentials: CREDENTIALS, failure: null } });
    pod({ deny: { reason: 'NamespaceDenied', message: 'no', roleName: 'app' } }, '11');
    expect(table.pod('u')?.decision).toMatchObject({
      kind: 'deny',
      reason: 'NamespaceDenied',
      roleName: 'app',
    });
    expect(table.session('s')).toBeUndefined();
  });

  it('A decision older than the current one is dropped', () => {
    const { table, pod, allow } = setup();
    pod({ deny: { reason: 'NamespaceDenied', message: 'no', roleName: '' } }, '11');
    pod({ allow }, '10');
    expect(table.pod('u')?.decision).toMatchObject({ kind: 'deny' });
    expect(table.pod('u')?.decision).not.toHaveProperty('roleName');
  });

  it.each([
    {
      what: 'a reason that only a newer server knows',
      state: { deny: { reason: 'FutureReason', message: 'm', roleName: '' } },
      kind: 'deny',
    },
    { what: 'a decision that only a newer server knows', state: {}, kind: 'pending' },
  ])('No permit follows from $what', ({ state, kind }) => {
    const { table, pod } = setup();
    pod(state);
    expect(table.pod('u')?.decision.kind).toBe(kind);
  });

  it('Updates that only a newer server knows are skipped', () => {
    const { apply, table } = setup();
    apply({});
    expect(table.pods()).toEqual([]);
  });

  it('The metadata groups that a Pod may read are taken from the feed', () => {
    const { table, pod } = setup();
    pod({ metadata: { denied: false, only: { groups: ['placement'] } } });
    expect(table.pod('u')?.metadata).toEqual({ denied: false, only: new Set(['placement']) });
    pod({ metadata: { denied: true } }, '11');
    expect(table.pod('u')?.metadata).toEqual({ denied: true });
  });

  it('Updates remove Pods, complete the snapshot and pass on token keys', () => {
    const { table, apply, pod, keys } = setup();
    table.beginSnapshot();
    pod();
    apply({ tokenKeys: { keys: [{ id: 'k1', secret: Buffer.alloc(32) }] } });
    apply({ synced: { podsResourceVersion: '20' } });
    expect(table.synced).toBe(true);
    apply({ podRemoved: { uid: 'u', resourceVersion: '21' } });
    expect(table.pods()).toEqual([]);
    expect(keys).toEqual(['k1']);
  });

  it('Issuer keys are passed on, and ignored by an agent that does not serve container credentials', () => {
    const { apply, issuerKeys, deps } = setup();
    const sent = { issuers: ['https://issuer.example'], keys: [{ id: 'k', publicKey: Buffer.alloc(1) }] };
    apply({ issuerKeys: sent });
    expect(issuerKeys).toEqual([sent]);
    deps.setIssuerKeys = undefined;
    apply({ issuerKeys: sent });
    expect(issuerKeys).toHaveLength(1);
  });
});

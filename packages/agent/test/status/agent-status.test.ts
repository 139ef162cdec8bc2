import { describe, expect, it } from 'vitest';
import type { KnownPod } from '../../src/feed/table/known-pod.ts';
import { unknownState } from '../../src/interception/state.ts';
import { IP } from '../addresses/callers-setup.ts';
import { DENIED, setup } from './status-setup.ts';

describe('Agent status', () => {
  it('The status shows each Pod with its role, state and remaining minutes, and no secret', () => {
    const t = setup();
    t.tell({ name: 'cart', ips: [IP], metadata: { denied: false, only: new Set() } });
    t.hold();
    expect(t.whole().pods).toEqual([
      {
        namespace: 'shop',
        name: 'cart',
        uid: 'uid-1',
        serviceAccount: 'default',
        ips: [IP],
        role: 'arn:aws:iam::123456789012:role/cart',
        sessionName: 'shop.default',
        state: 'ok',
        note: undefined,
        remainingMinutes: 50,
        accessKeyId: '…MPLE',
        metadata: [],
        clients: ['boto3/1.34.0'],
      },
    ]);
    const { text, value } = t.ask('');
    for (const said of [text, JSON.stringify(value)]) expect(said).not.toContain('ASIAEXAMPLE');
    expect(text).toMatch(/shop\/cart {2}ok {5}50 {3}…MPLE/);
  });

  it("The status shows an address from the CNI results before the Pod's status has it", () => {
    const t = setup();
    t.tell({ name: 'cart' });
    t.results.give({ uid: 'uid-1' });
    expect(t.whole().pods[0]?.ips).toEqual([IP]);
  });

  const cases: { name: string; pod: Partial<KnownPod>; state: string }[] = [
    { name: 'a denial', pod: { decision: DENIED }, state: 'NamespaceDenied' },
    { name: 'no role', pod: { decision: { kind: 'deny', reason: 'NoRole', message: '' } }, state: 'NoRole' },
    {
      name: 'a decision that waits',
      pod: { decision: { kind: 'pending', waitsFor: 'x' } },
      state: 'Pending',
    },
    { name: 'closed metadata', pod: { metadata: { denied: true } }, state: 'MetadataDenied' },
    { name: 'host network', pod: { hostNetwork: true }, state: 'HostNetwork' },
    { name: 'a static Pod', pod: { runtimeUid: 'hash' }, state: 'StaticPod' },
    { name: 'containers that have ended', pod: { ended: true }, state: 'PodNotFound' },
    { name: 'credentials on their way', pod: {}, state: 'Pending' },
  ];
  it.each(cases)('For $name the state of a Pod is $state', ({ pod, state }) => {
    const t = setup();
    t.tell(pod);
    expect(t.stateOf()).toBe(state);
  });

  const endpoint = (waitsFor?: string, condition: 'current' | 'outdated' = 'current') => ({
    listening: { addresses: () => [{ at: { host: '169.254.170.23', port: 8182 }, waitsFor }] },
    serving: { current: () => waitsFor === undefined },
    keys: { count: () => 2, condition: () => condition },
  });

  it('The status shows whether container credentials are served, or what they wait for, and the keys', () => {
    const lineOf = (credentials?: ReturnType<typeof endpoint>) =>
      /^container credentials +(.*)$/m.exec(setup({ ...(credentials && { credentials }) }).ask('').text)?.[1];
    expect(lineOf()).toBeUndefined();
    expect(lineOf(endpoint())).toBe('listening on 169.254.170.23:8182, keys: 2');
    expect(lineOf(endpoint('the address to be added to the node', 'outdated'))).toBe(
      'NOT LISTENING on 169.254.170.23:8182: waiting for the address to be added to the node, keys: 2, OUTDATED',
    );
  });

  it.each([
    { name: 'host network', pod: { hostNetwork: true } },
    { name: 'closed metadata', pod: { metadata: { denied: true } } },
  ])('While container credentials are served, a Pod with $name and credentials is ok', ({ pod }) => {
    const t = setup({ credentials: endpoint() });
    t.tell(pod);
    expect(t.whole().pods[0]).toMatchObject({ state: 'Pending' });
    t.hold();
    expect(t.whole().pods[0]).toMatchObject({ state: 'ok', note: 'served only by its ServiceAccount token' });
    t.tell({ ...pod, decision: { kind: 'deny', reason: 'HostNetwork', message: 'not served by token' } });
    expect(t.whole().pods[0]).toMatchObject({ state: 'HostNetwork', note: 'not served by token' });
  });

  it('The status says why a Pod has no credentials, and why valid ones are not renewed', async () => {
    const t = setup();
    t.tell({});
    for (const reason of ['StsAccessDenied', 'StsThrottled'] as const) {
      t.fail(reason);
      expect(t.stateOf()).toBe(reason);
    }
    t.hold(1);
    t.fail('StsThrottled');
    expect(t.whole().pods[0]).toMatchObject({
      state: 'ok',
      remainingMinutes: 1,
      note: 'not renewed: StsThrottled: STS says StsThrottled',
    });
    await t.clock.advance(60_000);
    expect(t.whole().pods[0]).toMatchObject({ state: 'StsThrottled', accessKeyId: undefined });
  });

  it('The status says that the feed is lost, for how long, and why', async () => {
    const t = setup();
    t.tell({});
    t.table.beginSnapshot();
    t.table.endSnapshot('9');
    expect(t.ask('').text).toContain('feed            connected to s:1 for 0s');
    const atMs = t.clock.monotonic();
    t.feed.lostSinceMs = atMs;
    t.standing.now = { server: 's:1', sinceMs: atMs, lastFault: { message: 'reset', atMs } };
    await t.clock.advance(90_000);
    expect(t.whole().server?.feed).toEqual({
      connected: false,
      server: 's:1',
      sinceSeconds: 90,
      staleSeconds: 90,
      lastFault: 'reset',
      lastFaultAgoSeconds: 90,
    });
    expect(t.ask('').text).toContain('feed            LOST for 1m30s; last server s:1');
    expect(t.ask('').text).toContain('  last error    reset (1m30s ago)');
  });

  it('The status says what is not ready, and that there is no certificate', () => {
    const { text } = setup().ask('');
    expect(text).toContain('ready           NO: table: no server has told of the Pods yet');
    expect(text).toContain('certificate     none\n  error         none yet');
  });

  it.each([
    {
      layers: { nat: true, filter: true, route: true, input: true, ports: true },
      says: 'nat ok, filter ok, route ok, input ok, ports ok',
    },
    {
      layers: { nat: true, filter: true, route: true, input: true, ports: true, link: false },
      says: 'nat ok, filter ok, route ok, input ok, ports ok, link BROKEN',
    },
    {
      layers: { nat: true, filter: false },
      says: 'nat ok, filter BROKEN, route unknown, input unknown, ports unknown',
    },
    {
      layers: { input: true },
      connectionsLimited: false,
      says: 'nat unknown, filter unknown, route unknown, input ok, ports unknown, new connections are NOT LIMITED',
    },
  ])('The status of the interception reads "$says"', ({ layers, connectionsLimited = true, says }) => {
    const state = {
      layers,
      backend: 'nft',
      refusedConnections: 0,
      connectionsLimited,
      foreignRules: 0,
      unmatchedInterfaces: 0,
      repairs: { nat: 0, filter: 0, route: 0, input: 0, ports: 0, link: 0 },
      packets: { nat: 0, filter: 0, route: 0, input: 0, ports: 0 },
    };
    const interception = { current: () => undefined, lastKnown: () => state };
    const t = setup({
      reconcile: {
        connected: () => false,
        interception,
        foreignListeners: () => undefined,
        imdsv1Open: () => true,
      },
    });
    expect(t.ask('').text).toContain(
      `interception    ${says}, as last known: reconcile is UNAVAILABLE, the node ALLOWS IMDSv1`,
    );
  });

  it('The JSON says which layers were repaired, how many rules are of others, and how far the clocks are apart', () => {
    const state = {
      ...unknownState,
      layers: { nat: true },
      foreignRules: 2,
      unmatchedInterfaces: 1,
      repairs: { ...unknownState.repairs, filter: 3 },
    };
    const t = setup({
      reconcile: {
        connected: () => true,
        interception: { current: () => state, lastKnown: () => state },
        foreignListeners: () => [],
        imdsv1Open: () => false,
      },
    });
    t.skew.latestMs = -61_000.4;
    expect(t.whole().interception).toMatchObject({
      foreignRules: 2,
      unmatchedInterfaces: 1,
      repairs: { filter: 3 },
    });
    expect(t.whole().server?.clockSkewMs).toBe(-61_000);
  });

  it.each([
    { foreign: undefined, says: 'foreign listeners unknown' },
    { foreign: [], says: 'no foreign listeners' },
    {
      foreign: [{ address: '192.0.2.10', port: 8181, uid: 1000 }],
      says: 'FOREIGN LISTENER on 192.0.2.10:8181 (UID 1000)',
    },
  ])('The status of the ports reads "$says"', ({ foreign, says }) => {
    const interception = { current: () => undefined, lastKnown: () => undefined };
    const reconcile = {
      connected: () => true,
      interception,
      foreignListeners: () => foreign,
      imdsv1Open: () => undefined,
    };
    expect(setup({ reconcile }).ask('').text).toContain(`ports           ${says}\n`);
    const held = [{ host: 'fd00::10', port: 8181 }];
    expect(setup({ reconcile, held }).ask('').text).toContain(
      `ports           [fd00::10]:8181 is IN USE by another user, ${says}\n`,
    );
  });
});

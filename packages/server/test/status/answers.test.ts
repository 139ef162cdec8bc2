import { describe, expect, it } from 'vitest';
import { setup } from './setup.ts';

const ROLE = 'iam.amazonaws.com/role';
const PERMITTED = 'iam.amazonaws.com/permitted';
const ALLOWED = 'iam.amazonaws.com/allowed-roles';

describe('Status of container credentials', () => {
  it('Without an agent that serves them, nothing is said about keys', () => {
    const t = setup();
    expect(t.whole().issuerKeys).toBeUndefined();
    expect(t.ask('').text).not.toContain('issuer keys');
  });

  it('The status shows which nodes serve them, the number and the age of the keys, and the last error', async () => {
    const t = setup();
    t.servingNodes.join('node-a', true);
    await t.connect();
    const { text } = t.ask('');
    expect(t.whole()).toMatchObject({
      agents: [{ node: 'node-a', servesContainerCredentials: true }],
      issuerKeys: { keys: 2, ageSeconds: 61, error: 'get /openid/v1/jwks: 403' },
    });
    expect(text).toMatch(/^issuer keys +2, read 1m1s ago$/m);
    expect(text).toMatch(/^ {2}issuers +https:\/\/k\.example$/m);
    expect(text).toMatch(/^ {2}last error +get \/openid\/v1\/jwks: 403$/m);
    expect(text).toMatch(/^node-a .* yes$/m);
  });

  it('The explanation of a host-network Pod says whether its node serves them', async () => {
    const t = setup();
    t.setNamespace('shop', { [PERMITTED]: 'app' });
    t.setPod('csi', { hostNetwork: true, annotations: { [ROLE]: 'app' } });
    await t.connect();
    const pod = 'pod=shop/csi';
    expect(t.ask(pod).text).toMatch(
      /^ {2}why .*no connected agent of its node serves container credentials$/m,
    );
    expect(t.ask(pod).text).toMatch(/^ {2}container credentials +not served$/m);
    t.servingNodes.join('node-a', true);
    expect(t.ask(pod).text).toMatch(/^decision +allow$/m);
    expect(t.ask(pod).text).toMatch(/^ {2}container credentials +served$/m);
  });
});

describe('Server status', () => {
  it('The status shows connected agents, sessions by state and what is wrong, and nothing secret', async () => {
    const t = setup();
    t.setNamespace('shop', { [PERMITTED]: 'app' });
    t.setPod('a', { annotations: { [ROLE]: 'app' } });
    await t.connect();
    expect(t.whole()).toMatchObject({
      hostname: 'server-0',
      synced: true,
      syncedForSeconds: 5,
      sessionsLeftOut: 0,
      watchAgeSeconds: { Pod: 2, Namespace: 2, ServiceAccount: 2, Node: 2 },
      agents: [{ node: 'node-a', version: '0.1.0', pods: 1, interception: { nat: true, filter: false } }],
      sessionsByState: { valid: { count: 1, reasons: {} } },
      sessions: [{ sessionName: 'shop.default', state: 'valid', nodes: ['node-a'], reason: undefined }],
      sts: { waiting: 0, inFlight: 0, free: 100, ratePerSecond: 100, burst: 500 },
      checks: { authority: 'the Secret cannot be read' },
      startupWarnings: ['--x is ignored'],
    });
    const { text, value } = t.ask('');
    expect(text).toMatch(/^ {2}authority +NOT OK: the Secret cannot be read$/m);
    expect(text).toMatch(/^node-a +0\.1\.0 +1s +1 +BROKEN: filter,route,input +no$/m);
    expect(text).toMatch(/^sessions +1 valid \(next in 2\dm\d+s\)$/m);
    for (const said of [text, JSON.stringify(value)]) expect(said).not.toMatch(/ASIA|secret|token/);
  });

  it('The status shows a failing session with the reason and the time of the next STS call', async () => {
    const t = setup();
    t.setNamespace('shop', { [PERMITTED]: '.*' });
    t.setPod('a', { annotations: { [ROLE]: 'app' } });
    t.sts.fault = Object.assign(new Error('not authorized'), { name: 'AccessDenied', $fault: 'client' });
    await t.connect();
    const [failing] = t.whole().sessions;
    expect(failing).toMatchObject({
      state: 'failing',
      reason: 'StsAccessDenied',
      remainingSeconds: undefined,
    });
    expect(failing?.nextInSeconds).toBeGreaterThan(0);
    expect(t.whole().sessionsByState).toMatchObject({
      failing: { count: 1, reasons: { StsAccessDenied: 1 } },
    });
    expect(t.ask('').text).toMatch(/^shop\.default +failing +StsAccessDenied /m);
  });

  it('The status lists failing sessions before the others', async () => {
    const t = setup();
    t.setNamespace('shop', { [PERMITTED]: '.*' });
    for (const name of ['a', 'z']) t.setServiceAccount('shop', name);
    t.setPod('a', { annotations: { [ROLE]: 'app' }, serviceAccount: 'a' });
    await t.connect();
    t.sts.fault = Object.assign(new Error('not authorized'), { name: 'AccessDenied', $fault: 'client' });
    t.setPod('z', { annotations: { [ROLE]: 'app' }, serviceAccount: 'z' });
    await t.clock.advance(1_000);
    expect(t.whole().sessions.map(({ sessionName, state }) => [sessionName, state])).toEqual([
      ['shop.z', 'failing'],
      ['shop.a', 'valid'],
    ]);
  });

  it('The status says that the cluster is not synced, the base ARN not known and no agent connected', () => {
    const t = setup({ synced: false });
    t.base.arn = undefined;
    const { text } = t.ask('');
    expect(text).toMatch(/^synced +NO: /m);
    expect(text).toMatch(/^role base ARN +NOT KNOWN YET/m);
    expect(text).toContain('no agent is connected to this replica\n');
  });
});

describe('Pod explanation', () => {
  it.each(['shop/a', 'uid-a'])(
    'A permitted Pod (%s) is explained from its annotations to its session',
    async (name) => {
      const t = setup();
      t.setNamespace('shop', { [PERMITTED]: 'app' });
      t.setPod('a', { annotations: { [ROLE]: 'app' }, ips: ['10.1.0.7'] });
      await t.connect();
      expect(t.explain(name)).toMatchObject({
        pod: 'shop/a',
        node: 'node-a',
        ips: ['10.1.0.7'],
        annotations: { pod: { [ROLE]: 'app' }, serviceAccount: {}, namespace: { [PERMITTED]: 'app' } },
        settings: { roleCeiling: ['arn:aws:iam::123456789012:role/*'], namespacePolicy: 'enforce' },
        decision: { kind: 'allow', role: 'arn:aws:iam::123456789012:role/app', sessionName: 'shop.default' },
        session: { state: 'valid', nodes: ['node-a'] },
        agent: { version: '0.1.0', connectedForSeconds: 1 },
      });
      expect(t.ask(`pod=${name}`).text).not.toMatch(/ASIA|secret|token/);
    },
  );

  it.each([
    { rules: { [PERMITTED]: 'app|other' }, by: PERMITTED, entry: /^app$/ },
    { rules: { [ALLOWED]: '["x", "ap*"]' }, by: ALLOWED, entry: 'ap*' },
    { rules: { [ALLOWED]: '["arn:aws:iam::123456789012:role/app"]' }, by: ALLOWED, entry: /role\/app$/ },
    { rules: { [PERMITTED]: 'other', [ALLOWED]: '["/app"]' }, by: ALLOWED, entry: 'app' },
  ])('The explanation says that $by permits the role with $entry', ({ rules, by, entry }) => {
    const t = setup();
    t.setNamespace('shop', rules);
    t.setPod('a', { annotations: { [ROLE]: 'app' } });
    const { permittedBy } = t.explain('shop/a');
    expect(permittedBy?.annotation).toBe(by);
    expect(permittedBy?.entry).toMatch(entry);
    expect(t.ask('pod=shop/a').text).toMatch(
      /^permitted by +iam\.amazonaws\.com\/(permitted|allowed-roles): /m,
    );
    t.setNamespace('shop', { [PERMITTED]: 'other' });
    expect(t.explain('shop/a').permittedBy).toBeUndefined();
  });

  it('A denial is explained with what to do, and with the agent that is not connected to this replica', () => {
    const t = setup();
    t.setNamespace('shop', { [PERMITTED]: 'other' });
    t.setPod('a', { annotations: { [ROLE]: 'app' } });
    const { text } = t.ask('pod=shop/a');
    expect(t.explain('shop/a')).toMatchObject({
      decision: {
        kind: 'deny',
        reason: 'NamespaceDenied',
        remedy: expect.stringContaining('Annotate the Namespace'),
      },
      session: undefined,
      agent: undefined,
    });
    expect(text).toMatch(/^decision +deny, NamespaceDenied: the Namespace does not permit/m);
    expect(text).toMatch(/^annotation +of the Namespace: iam\.amazonaws\.com\/permitted: other$/m);
    expect(text).toMatch(/^agent +NOT CONNECTED to this replica/m);
  });

  it('A pending decision is explained with what it waits for', () => {
    const t = setup();
    t.setPod('a', { annotations: { [ROLE]: 'app' } });
    expect(t.explain('shop/a')).toMatchObject({
      decision: { kind: 'pending', reason: 'Pending', message: 'Namespace shop' },
      annotations: { namespace: undefined },
    });
  });

  it('The answer about an unknown Pod says whether the list of Pods is complete or what it waits for', () => {
    const { found, text } = setup().ask('pod=shop/none');
    expect([found, text]).toEqual([false, expect.stringContaining('the list of Pods is complete')]);
    expect(setup({ synced: false }).ask('pod=x').text).toContain('the first list of Pods');
  });
});

import { describe, expect, it } from 'vitest';
import { setup } from './setup.ts';

const ROLE = 'iam.amazonaws.com/role';
const PERMITTED = 'iam.amazonaws.com/permitted';
const ALLOWED = 'iam.amazonaws.com/allowed-roles';
const APP = 'arn:aws:iam::123456789012:role/app';

describe('Role explanation', () => {
  it.each(['app', '/app', APP])('The role %s is answered with every entry that permits it', async (role) => {
    const t = setup();
    t.setNamespace('shop', { [PERMITTED]: 'cart|^/app$|ap.*', [ALLOWED]: `["x", "/app", "a*", "${APP}"]` });
    t.setNamespace('batch', { [ALLOWED]: '["app"]' });
    t.setNamespace('other', { [PERMITTED]: 'cart', [ALLOWED]: '["b*"]' });
    t.setNamespace('none');
    const { namespaces, ...rest } = await t.role(role);
    expect(rest).toMatchObject({ role: APP, roleName: 'app', insideCeiling: true, synced: true, leftOut: 0 });
    expect(namespaces).toEqual([
      {
        namespace: 'batch',
        rules: [{ annotation: ALLOWED, entry: 'app', exact: true }],
        isDefaultRole: false,
        pods: 0,
      },
      {
        namespace: 'shop',
        rules: [
          { annotation: PERMITTED, entry: '^/app$', exact: true },
          { annotation: PERMITTED, entry: 'cart|^/app$|ap.*', exact: false },
          { annotation: ALLOWED, entry: APP, exact: true },
          { annotation: ALLOWED, entry: 'app', exact: true },
          { annotation: ALLOWED, entry: 'a*', exact: false },
        ],
        isDefaultRole: false,
        pods: 0,
      },
    ]);
  });

  it.each([
    { expression: 'app|cart', exact: ['app'] },
    { expression: String.raw`arn:aws:iam::123456789012:role/app`, exact: [APP] },
    { expression: 'app', exact: ['app'] },
    { expression: '(x|app|cart)', exact: [] },
    { expression: 'ap[p]|x', exact: [] },
    { expression: '.*', exact: [] },
    { expression: 'app?', exact: [] },
  ])('Of the expression $expression, only $exact can be removed without taking other roles', async (row) => {
    const t = setup();
    t.setNamespace('shop', { [PERMITTED]: row.expression });
    const [shop] = (await t.role('app')).namespaces;
    const exact = shop?.rules.filter((rule) => rule.exact).map(({ entry }) => entry);
    expect(exact).toEqual(row.exact);
    expect(shop?.rules).toHaveLength(1);
  });

  it('A dot in a name is a sign of its own only if it is escaped', async () => {
    const t = setup();
    t.setNamespace('escaped', { [PERMITTED]: String.raw`my\.app` });
    t.setNamespace('open', { [PERMITTED]: 'my.app' });
    expect((await t.role('my.app')).namespaces).toMatchObject([
      { namespace: 'escaped', rules: [{ exact: true }] },
      { namespace: 'open', rules: [{ exact: false }] },
    ]);
  });

  it('A Namespace with an invalid rule permits nothing, whatever its other rule says', async () => {
    const t = setup();
    t.setNamespace('shop', { [PERMITTED]: 'app|(', [ALLOWED]: '["app"]' });
    expect((await t.role('app')).namespaces).toEqual([]);
  });

  it('Pods that have or request the role are counted, those with another or that have ended are not', async () => {
    const t = setup();
    t.setNamespace('shop', { [PERMITTED]: 'app|other', 'rolegate.dev/default-role': '/app' });
    const annotated = (role: string) => ({ annotations: { [ROLE]: role } });
    t.setPod('allowed', annotated('app'));
    t.setPod('by-default');
    t.setPod('refused', {
      annotations: { [ROLE]: 'app', 'rolegate.dev/session-tags': '{"team":"a"}' },
    });
    t.setPod('other', annotated('other'));
    t.setPod('ended', { ...annotated('app'), ended: true });
    expect((await t.role('app')).namespaces).toMatchObject([{ pods: 3, isDefaultRole: true }]);
  });

  it('Ceiling, namespace policy and default role of the server are said', async () => {
    const foreign = 'arn:aws:iam::999999999999:role/app';
    const t = setup({ flags: ['--namespace-policy=audit'], defaultRole: foreign });
    const answer = await t.about(foreign);
    expect(answer.value).toMatchObject({
      insideCeiling: false,
      isDefaultRole: true,
      settings: { namespacePolicy: 'audit' },
    });
    expect(answer.text).toMatch(/^ceiling .*OUTSIDE it/m);
    expect(answer.text).toMatch(/^namespace policy +audit: PERMITTED IN ALL NAMESPACES/m);
    expect(answer.text).toMatch(/^default role +YES/m);
  });

  it('The text has a row for each entry', async () => {
    const t = setup();
    t.setNamespace('shop', { [ALLOWED]: '["app", "a*"]' });
    const { text } = await t.about('app');
    expect(text).toMatch(/^shop +0 +iam\.amazonaws\.com\/allowed-roles +app +only this role$/m);
    expect(text).toMatch(/^shop +0 +iam\.amazonaws\.com\/allowed-roles +a\* +this and maybe other roles$/m);
    expect((await t.about('nobody')).text).toContain('no Namespace permits it\n');
  });

  it.each([
    { role: 'a b', says: 'not valid in a role name' },
    { role: 'arn:aws:iam::1:role/x', says: 'no account ID' },
  ])('What is no role is answered with what is wrong: $role', async ({ role, says }) => {
    const { found, text } = await setup().about(role);
    expect([found, text]).toEqual([false, expect.stringContaining(says)]);
  });

  it('A name cannot be answered for until the base ARN is known, an ARN can', async () => {
    const t = setup();
    t.base.arn = undefined;
    t.setNamespace('shop', { [PERMITTED]: APP, [ALLOWED]: `["${APP}"]` });
    expect((await t.about('app')).text).toContain('the role base ARN is not known yet');
    expect((await t.role(APP)).namespaces).toMatchObject([{ namespace: 'shop' }]);
  });

  it('Other events have their turn while thousands of Namespaces are looked at', async () => {
    const t = setup({ monotonic: ticking(1) });
    for (let at = 0; at < 400; at += 1) t.setNamespace(`ns-${at}`, { [PERMITTED]: `app|x${at}` });
    let turns = 0;
    let running = true;
    const turn = () => {
      turns += 1;
      if (running) setImmediate(turn);
    };
    setImmediate(turn);
    const { namespaces } = await t.role('app');
    running = false;
    expect(namespaces).toHaveLength(400);
    expect(turns).toBeGreaterThan(50);
  });

  it('Namespaces that time does not suffice for are counted, those with the longest rules first', async () => {
    const t = setup({ monotonic: ticking(3) });
    for (let at = 0; at < 990; at += 1) t.setNamespace(`ns-${at}`, { [PERMITTED]: 'app|cart|till' });
    t.setNamespace('short', { [PERMITTED]: 'app' });
    const { namespaces, leftOut } = await t.role('app');
    expect(namespaces.length + leftOut).toBe(991);
    // 2 s, and the clock is read at least once for each.
    expect(namespaces.length).toBeLessThan(2_000 / 3);
    expect(namespaces.map(({ namespace }) => namespace)).toContain('short');
    expect((await t.about('app')).text).toMatch(/^left out +\d+ NAMESPACES/m);
  });

  it('The answer is bounded in Namespaces', async () => {
    const t = setup();
    for (let at = 0; at < 1_003; at += 1) t.setNamespace(`ns-${at}`, { [PERMITTED]: 'app' });
    const { namespaces, leftOut } = await t.role('app');
    expect([namespaces.length, leftOut]).toEqual([1_000, 3]);
  });

  it('Questions at the same time are answered one after the other', async () => {
    const t = setup();
    t.setNamespace('shop', { [PERMITTED]: 'app' });
    const answers = await Promise.all(['a b', 'app', 'x'].map(t.about));
    expect(answers.map(({ found }) => found)).toEqual([false, true, true]);
  });
});

/** A clock that goes on by this much whenever it is read. */
function ticking(ms: number): () => number {
  let now = 0;
  return () => (now += ms);
}

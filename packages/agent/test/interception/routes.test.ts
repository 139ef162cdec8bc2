import { describe, expect, it } from 'vitest';
import { foreignRows } from './foreign-rows.ts';
import { askKernel, createRoutes, parseRouteRules } from '../../src/interception/routes.ts';
import { createFakeNode, failed, ok } from './fake-node.ts';
import { setup } from './installed.ts';

/** As iproute2 6.1 prints it. */
const OURS = { priority: 6, src: 'all', dst: '169.254.169.254', action: 'prohibit' };
const LOOKUP = { priority: 5, src: 'all', dst: '169.254.169.254', iif: 'lo', table: 'main' };

describe('IP rules', () => {
  it('Only our own rules are read from what ip rule prints', () => {
    const printed = [
      { priority: 0, src: 'all', table: 'local' },
      { priority: 5, src: 'all', dst: '169.254.169.254', iif: 'lo', table: 'main' },
      OURS,
      { priority: 32766, src: 'all', table: 'main' },
    ];
    expect(parseRouteRules(JSON.stringify(printed), 'ipv4')).toEqual([
      { priority: 5, to: '169.254.169.254', iif: 'lo', action: 'main' },
      { priority: 6, to: '169.254.169.254', action: 'prohibit' },
    ]);
  });

  it.each([
    { name: 'another place', rule: { ...OURS, priority: 7 } },
    { name: 'another address', rule: { ...OURS, dst: '169.254.169.253' } },
    { name: 'no address', rule: { priority: 6, src: 'all', action: 'prohibit' } },
    { name: 'another table', rule: { ...LOOKUP, table: '100' } },
    { name: 'the local table', rule: { ...LOOKUP, table: 'local' } },
  ])('A rule with $name is not ours', ({ rule }) => {
    expect(parseRouteRules(JSON.stringify([rule]), 'ipv4')).toEqual([]);
  });

  it.each(foreignRows)('A rule with another selector or action is not ours: one $name', ({ row }) => {
    expect(parseRouteRules(`[${row}]`, 'ipv4')).toEqual([]);
  });

  it.each([
    { name: 'as this version installs it', row: { ...OURS, protocol: '82' } },
    { name: 'as 0.1 installed it', row: OURS },
    { name: 'of a guest whose interface was removed', row: { ...LOOKUP, iif: 'tap0', iif_detached: null } },
  ])('A rule is recognized as ours: $name', ({ row }) => {
    expect(parseRouteRules(JSON.stringify([row]), 'ipv4')).toHaveLength(1);
  });

  it.each(['', '[]', '{}', '[null, 1, "x"]'])('No rule is read from the output %j', (printed) => {
    expect(parseRouteRules(printed, 'ipv4')).toEqual([]);
  });
});

describe('Foreign IP rules', () => {
  const ADDRESS = '169.254.169.254';
  const rule = { priority: 6, to: ADDRESS, action: 'prohibit' } as const;
  const others = [
    `priority 6 to ${ADDRESS} ipproto udp prohibit`,
    `not priority 6 to ${ADDRESS} prohibit`,
    `priority 6 to ${ADDRESS} fwmark 0x1 prohibit`,
  ];

  function nodeWith(...rules: readonly string[]) {
    const node = createFakeNode();
    node.rules('-4').push(...rules);
    return { rules: node.rules('-4'), routes: createRoutes({ run: node.run }) };
  }

  it('Our ip rule is added despite foreign ones of its priority or with `not`, and these stay', async () => {
    const { rules, routes } = nodeWith(...others);
    await routes.add('ipv4', rule);
    expect(await routes.list('ipv4')).toEqual([rule]);
    expect(rules.slice(0, -1)).toEqual(others);
  });

  it('Foreign ip rules stay when ours is removed, even if it is removed twice', async () => {
    const { rules, routes } = nodeWith(...others);
    await routes.add('ipv4', rule);
    await routes.remove('ipv4', rule);
    await routes.remove('ipv4', rule);
    expect(rules).toEqual(others);
  });

  it('Foreign ip rules stay when a 0.1 rule in front of them is removed', async () => {
    const { rules, routes } = nodeWith(`priority 6 to ${ADDRESS} prohibit`, ...others);
    await routes.remove('ipv4', rule);
    expect(rules).toEqual(others);
  });

  it('Removing a 0.1 rule behind a foreign one fails, and neither is removed', async () => {
    const { rules, routes } = nodeWith(...others, `priority 6 to ${ADDRESS} prohibit`);
    await expect(routes.remove('ipv4', rule)).rejects.toThrow('would be removed in its place');
    expect(rules).toHaveLength(others.length + 1);
  });

  it('Our ip rules are installed even if a foreign one keeps a 0.1 rule from being removed', async () => {
    const { node, interception } = setup();
    const guest = `priority 5 iif tap0 to ${ADDRESS} lookup main`;
    node.rules('-4').push(`${guest} fwmark 0x1`, guest);
    const { left } = await interception.settle();
    expect(left.map(({ message }) => message).join()).toContain('would be removed in its place');
    expect(node.rules('-4').slice(2)).toEqual([
      `priority 5 iif lo to ${ADDRESS} lookup main protocol 82`,
      `priority 6 to ${ADDRESS} prohibit protocol 82`,
    ]);
  });

  it('A 0.1 rule is removed together with one of this version', async () => {
    const { rules, routes } = nodeWith(
      `priority 6 to ${ADDRESS} prohibit`,
      `priority 6 to ${ADDRESS} prohibit protocol 82`,
    );
    await routes.remove('ipv4', rule);
    expect(rules).toEqual([]);
  });
});

describe('Kernel route lookup', () => {
  it.each([
    { says: failed('RTNETLINK answers: Permission denied'), kind: 'prohibited' },
    {
      says: ok('169.254.169.254 from 198.18.5.2 via 198.18.0.254 dev eth0 \n    cache iif cali1'),
      kind: 'routed',
    },
    { says: failed('RTNETLINK answers: Invalid cross-device link'), kind: 'unknown' },
    { says: ok(''), kind: 'unknown' },
  ])("The kernel's answer about a Pod is $kind if ip returns $says", async ({ says, kind }) => {
    const node = createFakeNode();
    node.setRouteGet(() => says);
    expect((await askKernel(node.run, '198.18.5.2', [])).kind).toBe(kind);
    expect(node.calls.at(-1)).toBe('ip -4 route get 169.254.169.254 from 198.18.5.2 iif cali1');
  });

  it("The kernel's answer about an excluded guest is unknown", async () => {
    const node = createFakeNode();
    expect((await askKernel(node.run, '198.18.5.2', ['cali1'])).kind).toBe('unknown');
  });
});

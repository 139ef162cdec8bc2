import { describe, expect, it } from 'vitest';
import { foreignRows } from './foreign-rows.ts';
import { askKernel, createRoutes, parseRouteRules } from '../../src/interception/routes.ts';
import { createFakeNode, failed, ok } from './fake-node.ts';
import { setup } from './installed.ts';

/** As iproute2 6.1 prints it. */
const OURS = { priority: 6, src: 'all', dst: '169.254.169.254', action: 'prohibit' };
const LOOKUP = { priority: 5, src: 'all', dst: '169.254.169.254', iif: 'lo', table: 'main' };

describe('ip rule', () => {
  it('is read as far as it is ours', () => {
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
  ])('of others is not ours: $name', ({ rule }) => {
    expect(parseRouteRules(JSON.stringify([rule]), 'ipv4')).toEqual([]);
  });

  it.each(foreignRows)('with another selector or deed is not ours: $name', ({ row }) => {
    expect(parseRouteRules(`[${row}]`, 'ipv4')).toEqual([]);
  });

  it.each([
    { name: 'as this version lays it', row: { ...OURS, protocol: '82' } },
    { name: 'as 0.1 laid it', row: OURS },
    { name: 'of a guest whose interface has gone', row: { ...LOOKUP, iif: 'tap0', iif_detached: null } },
  ])('is ours: $name', ({ row }) => {
    expect(parseRouteRules(JSON.stringify([row]), 'ipv4')).toHaveLength(1);
  });

  it.each(['', '[]', '{}', '[null, 1, "x"]'])('may print %j', (printed) => {
    expect(parseRouteRules(printed, 'ipv4')).toEqual([]);
  });
});

describe('ip rule of others beside ours', () => {
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

  it('keeps ours out neither by priority nor by `not`, which the kernel does not compare', async () => {
    const { rules, routes } = nodeWith(...others);
    await routes.add('ipv4', rule);
    expect(await routes.list('ipv4')).toEqual([rule]);
    expect(rules.slice(0, -1)).toEqual(others);
  });

  it('stays when ours is removed, whichever was there first', async () => {
    const { rules, routes } = nodeWith(...others);
    await routes.add('ipv4', rule);
    await routes.remove('ipv4', rule);
    await routes.remove('ipv4', rule);
    expect(rules).toEqual(others);
  });

  it('stays when a rule of 0.1 is removed that is before it', async () => {
    const { rules, routes } = nodeWith(`priority 6 to ${ADDRESS} prohibit`, ...others);
    await routes.remove('ipv4', rule);
    expect(rules).toEqual(others);
  });

  it('is not removed in place of a rule of 0.1 that is behind it: that is an error', async () => {
    const { rules, routes } = nodeWith(...others, `priority 6 to ${ADDRESS} prohibit`);
    await expect(routes.remove('ipv4', rule)).rejects.toThrow('would be removed in its place');
    expect(rules).toHaveLength(others.length + 1);
  });

  it('does not keep ours from being laid if a rule of 0.1 cannot be removed', async () => {
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

  it('does not keep a rule of 0.1 from being removed together with one of this version', async () => {
    const { rules, routes } = nodeWith(
      `priority 6 to ${ADDRESS} prohibit`,
      `priority 6 to ${ADDRESS} prohibit protocol 82`,
    );
    await routes.remove('ipv4', rule);
    expect(rules).toEqual([]);
  });
});

describe("the kernel's answer about a Pod's packet", () => {
  it.each([
    { says: failed('RTNETLINK answers: Permission denied'), kind: 'prohibited' },
    {
      says: ok('169.254.169.254 from 198.18.5.2 via 198.18.0.254 dev eth0 \n    cache iif cali1'),
      kind: 'routed',
    },
    { says: failed('RTNETLINK answers: Invalid cross-device link'), kind: 'unknown' },
    { says: ok(''), kind: 'unknown' },
  ])('is $kind where ip says $says', async ({ says, kind }) => {
    const node = createFakeNode();
    node.setRouteGet(() => says);
    expect((await askKernel(node.run, '198.18.5.2', [])).kind).toBe(kind);
    expect(node.calls.at(-1)).toBe('ip -4 route get 169.254.169.254 from 198.18.5.2 iif cali1');
  });

  it('is not asked about an excluded guest', async () => {
    const node = createFakeNode();
    expect((await askKernel(node.run, '198.18.5.2', ['cali1'])).kind).toBe('unknown');
  });
});

import { describe, expect, it } from 'vitest';
import { setup } from '../installed.ts';

type Node = ReturnType<typeof setup>['node'];

describe('Connection limit', () => {
  const inInput = (node: Node, prefix?: 'ip6tables') => node.lines('nft', 'filter', 'ROLEGATE-INPUT', prefix);
  const tableOf = (node: Node) => /--hashlimit-name (\S+)/.exec(inInput(node)[1] ?? '')?.[1];

  it.each([
    {
      what: 'a number',
      change: (rules: string[]) => rules.splice(1, 1, rules[1]?.replace('burst 512', 'burst 5') ?? ''),
    },
    { what: 'the rule that counts', change: (rules: string[]) => rules.splice(1, 1) },
    { what: 'the rule that remembers', change: (rules: string[]) => rules.splice(0, 1) },
    { what: 'the order', change: (rules: string[]) => rules.reverse() },
  ])('The connection limit is repaired after somebody has changed $what', async ({ change }) => {
    const { node, interception } = setup();
    await interception.settle();
    const before = [...inInput(node)];
    change(inInput(node));
    expect((await interception.settle()).repaired.map(({ layer }) => layer)).toEqual(['input']);
    const plain = (rules: string[]) => rules.map((rule) => rule.replace(/rolegate-\d+/, ''));
    expect(plain(inInput(node))).toEqual(plain(before));
  });

  it('A connection limit that is installed again gets another table, as the previous one keeps its numbers', async () => {
    const { node, interception } = setup();
    await interception.settle();
    expect(tableOf(node)).toBe('rolegate-1');
    for (const name of ['rolegate-2', 'rolegate-1', 'rolegate-2']) {
      node.tables('nft').get('nat')?.set('ROLEGATE', []);
      await interception.settle();
      expect(tableOf(node)).toBe(name);
    }
  });

  it.each(['hashlimit', 'recent', 'limit'])(
    'The connection limit is left out if %s is missing, and everything else is installed',
    async (match) => {
      const hostIps = { ipv4: '198.18.0.1', ipv6: 'fd00:198:18::1' };
      const { node, interception } = setup({ options: { hostIps } });
      node.lacks.add(match);
      const settled = await interception.settle();
      expect(settled).toMatchObject({
        layers: { nat: true, filter: true, route: true, input: true, ports: true },
        left: [],
        limitFault: `iptables-nft-restore: Couldn't load match \`${match}'`,
      });
      expect(inInput(node)).toHaveLength(2);
      expect(inInput(node, 'ip6tables')).toHaveLength(2);
      expect((await interception.settle()).repaired).toEqual([]);
    },
  );

  it('A missing connection limit is installed as soon as it can be, which counts as a repair of one layer', async () => {
    const { node, interception } = setup();
    node.lacks.add('hashlimit');
    await interception.settle();
    node.lacks.clear();
    const waiting = await interception.settle({ retryLimit: false });
    expect(waiting).toMatchObject({ repaired: [], limitFault: expect.stringContaining('hashlimit') });
    const settled = await interception.settle();
    expect(settled.repaired.map(({ layer }) => layer)).toEqual(['input']);
    expect(settled.limitFault).toBeUndefined();
    expect(inInput(node)).toHaveLength(4);
  });

  it('A missing connection limit does not keep another layer from being repaired', async () => {
    const { node, interception } = setup();
    node.lacks.add('hashlimit');
    await interception.settle();
    for (const retryLimit of [true, false]) {
      node.tables('nft').get('nat')?.set('ROLEGATE', []);
      const settled = await interception.settle({ retryLimit });
      expect(settled.repaired.map(({ layer }) => layer)).toEqual(['nat']);
      expect(settled.left).toEqual([]);
      expect(node.lines('nft', 'nat', 'ROLEGATE')).toHaveLength(1);
    }
  });

  it('The connection limit is not blamed for a failure that occurs without it too', async () => {
    const { node, interception } = setup();
    node.broken.add('iptables-nft-restore');
    const settled = await interception.settle();
    expect(settled.layers).toMatchObject({ nat: false, filter: false, input: false });
    expect(settled.limitFault).toBeUndefined();
  });

  it('The connection limit is removed with the other rules', async () => {
    const { node, interception } = setup();
    await interception.settle();
    await interception.remove();
    expect(node.tables('nft').get('filter')?.has('ROLEGATE-INPUT')).toBe(false);
  });
});

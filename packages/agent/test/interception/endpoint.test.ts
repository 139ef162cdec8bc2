import { describe, expect, it } from 'vitest';
import { oursIn, setup } from './installed.ts';

const BOTH = { ipv4: '198.18.0.1', ipv6: 'fd00:198:18::1' };
const ADDRESSES = ['169.254.170.23/32', 'fd00:ec2::23/128'];
const on = { containerCredentials: true, hostIps: BOTH };

/** What is installed for the endpoint. */
function endpointOn({ node }: ReturnType<typeof setup>) {
  return {
    link: node.link.current(),
    chains: oursIn(node, 'nft').filter((place) => place.includes('CREDENTIALS')),
    rules: [...node.rules('-4'), ...node.rules('-6')].filter((rule) => / to \S*(?:::|170\.)23 /.test(rule)),
  };
}
const NOTHING = { link: undefined, chains: [], rules: [] };

/** The same node after its configuration changed. */
function setUpAgain({ node }: ReturnType<typeof setup>, containerCredentials: boolean) {
  return setup({ run: node.run, options: { hostIps: BOTH, containerCredentials } }).interception;
}

describe('Endpoint for container credentials on the node', () => {
  it('The endpoint gets a link with both addresses, and a second check changes nothing', async () => {
    const { node, interception } = setup({ options: on });
    const { layers, left } = await interception.settle();
    expect(left).toEqual([]);
    expect(layers).toMatchObject({ link: true, input: true, ports: true, route: true });
    expect(node.link.current()).toEqual({ kind: 'dummy', isUp: true, addresses: ADDRESSES });
    expect(node.rules('-4').slice(2)).toEqual([
      'priority 5 to 169.254.170.23 lookup local protocol 82',
      'priority 6 to 169.254.170.23 prohibit protocol 82',
    ]);
    node.calls.length = 0;
    expect((await interception.settle()).repaired).toEqual([]);
    expect(
      node.calls.filter((call) => /restore|rule (?:add|del)|link (?:add|set)|address (?:add|del)/.test(call)),
    ).toEqual([]);
  });

  it('The address exists only once the rules that guard it are installed', async () => {
    const { node, interception } = setup({ options: on });
    await interception.settle();
    const created = node.calls.findIndex((call) => call.includes('link add'));
    const guarded = node.calls.findLastIndex((call) => call.includes('restore'));
    expect(created).toBeGreaterThan(guarded);
  });

  it('The link is a bridge on a kernel without the dummy driver', async () => {
    const { node, interception } = setup({ options: on });
    node.link.kinds.delete('dummy');
    expect((await interception.settle()).layers.link).toBe(true);
    expect(node.link.current()?.kind).toBe('bridge');
  });

  it('A node without an IPv6 address gets only the IPv4 address, and loses an IPv6 address of before', async () => {
    const before = setup({ options: on });
    await before.interception.settle();
    const options = { containerCredentials: true, hostIps: { ipv4: BOTH.ipv4 } };
    const { repaired } = await setup({ run: before.node.run, options }).interception.settle();
    expect(before.node.link.current()?.addresses).toEqual(['169.254.170.23/32']);
    expect(before.node.rules('-6').filter((rule) => rule.includes('::23'))).toEqual([]);
    expect(repaired).toContainEqual({
      layer: 'link',
      message: 'address fd00:ec2::23/128 of rolegate0 is not needed',
    });
  });

  it('Only the link of our name counts, and without the option nothing is installed', async () => {
    const off = setup({ options: { hostIps: BOTH } });
    const { layers } = await off.interception.settle();
    expect(layers).not.toHaveProperty('link');
    expect(endpointOn(off)).toEqual(NOTHING);
  });

  it.each([
    { name: 'was deleted', to: undefined, faults: 1 },
    { name: 'is down', to: { isUp: false, addresses: ['169.254.170.23/32'] }, faults: 2 },
    { name: 'lost an address', to: { addresses: ['fd00:ec2::23/128'] }, faults: 1 },
    {
      name: 'has an address with another prefix',
      to: { addresses: ['169.254.170.23/24', 'fd00:ec2::23/128'] },
      faults: 1,
    },
  ])('A link that $name is repaired, and the repair is reported', async ({ to, faults }) => {
    const { node, interception } = setup({ options: on });
    await interception.settle();
    node.link.change(to);
    const { repaired, left } = await interception.settle();
    expect(repaired.map(({ layer }) => layer)).toEqual(Array(faults).fill('link'));
    expect(left).toEqual([]);
    expect(node.link.current()).toMatchObject({ isUp: true });
    for (const address of ADDRESSES) expect(node.link.current()?.addresses).toContain(address);
    expect((await interception.settle()).repaired).toEqual([]);
  });

  it('Foreign addresses on our link stay and are reported', async () => {
    const { node, interception } = setup({ options: on });
    node.link.change({ addresses: ['198.18.7.7/32'] });
    expect((await interception.settle()).foreignAddresses).toEqual(['198.18.7.7/32']);
    expect(node.link.current()?.addresses).toEqual(['198.18.7.7/32', ...ADDRESSES]);
  });

  it('A link that cannot be created is reported, and all layers of rules are installed', async () => {
    const { node, interception } = setup({ options: on });
    node.link.kinds.clear();
    const { layers, left } = await interception.settle();
    expect(layers).toEqual({ nat: true, filter: true, route: true, input: true, ports: true, link: false });
    expect(left[0]?.message).toBe('ip link add: Error: Unknown device type.');
  });
});

describe('Uplinks of the endpoint', () => {
  it('A new uplink is closed, which is no repair', async () => {
    const { node, interception } = setup({ options: on });
    await interception.settle();
    node.setUplinks(['eth0', 'eth1']);
    expect((await interception.settle()).repaired).toEqual([]);
    const closed = node
      .lines('nft', 'filter', 'ROLEGATE-CREDENTIALS-INPUT')
      .filter((rule) => rule.includes(' -i '));
    expect(closed.map((rule) => rule.slice(-'-i eth0 -j DROP'.length))).toEqual([
      '-i eth0 -j DROP',
      '-i eth1 -j DROP',
    ]);
    node.tables('nft').get('filter')?.set('ROLEGATE-CREDENTIALS-INPUT', ['-j ACCEPT']);
    node.setUplinks(['eth0']);
    const { repaired } = await interception.settle();
    expect(new Set(repaired.map(({ layer }) => layer))).toEqual(new Set(['input']));
  });

  it('Uplinks that cannot be read are a fault, and the last known ones stay closed', async () => {
    const { node, interception } = setup({ options: on });
    await interception.settle();
    node.broken.add('ip');
    const { left, layers } = await interception.settle();
    expect(left).toContainEqual({
      layer: 'input',
      message: 'interfaces with a default route: ip: ip is broken',
    });
    expect(layers.input).toBe(false);
    expect(node.lines('nft', 'filter', 'ROLEGATE-CREDENTIALS-INPUT').join()).toContain('-i eth0 -j DROP');
  });
});

describe('End of the endpoint', () => {
  it('Without the option everything of the endpoint is removed, and the rest stays', async () => {
    const before = setup({ options: on });
    await before.interception.settle();
    expect(endpointOn(before).rules).toHaveLength(4);
    const { layers, left } = await setUpAgain(before, false).settle();
    expect(left).toEqual([]);
    expect(layers).not.toHaveProperty('link');
    expect(endpointOn(before)).toEqual(NOTHING);
    expect(before.node.rules('-4')).toHaveLength(2);
    expect(oursIn(before.node, 'nft')).toContain('nat ROLEGATE-PORTS');
  });

  it('An endpoint that is ignored is left as it is while other rules are repaired', async () => {
    const before = setup({ options: on });
    await before.interception.settle();
    const installed = structuredClone(endpointOn(before));
    before.node.tables('nft').get('nat')?.set('ROLEGATE-PORTS', []);
    before.node.tables('nft').get('filter')?.set('ROLEGATE-INPUT', []);
    const { repaired, left } = await setUpAgain(before, false).settle({ ignoreEndpoint: true });
    expect(left).toEqual([]);
    expect(new Set(repaired.map(({ layer }) => layer))).toEqual(new Set(['ports', 'input']));
    expect(endpointOn(before)).toEqual(installed);
    expect((await setUpAgain(before, true).settle()).repaired).toEqual([]);
  });

  it('Uninstall removes everything of the endpoint', async () => {
    const before = setup({ options: on });
    await before.interception.settle();
    await setUpAgain(before, false).remove();
    expect(endpointOn(before)).toEqual(NOTHING);
    expect(oursIn(before.node, 'nft')).toEqual([]);
  });
});

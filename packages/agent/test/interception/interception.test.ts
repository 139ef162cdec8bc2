import { describe, expect, it } from 'vitest';
import { oursIn, setup } from './installed.ts';

const JUMP =
  '-d 169.254.169.254/32 -m comment --comment "rolegate: what goes to the metadata API" -j ROLEGATE';
const withoutComment = (rule: string | undefined) => rule?.replace(/-m comment --comment "[^"]*" /, '');

describe('Installation', () => {
  it('All layers of both families are installed, and match the plan afterwards', async () => {
    const { node, interception } = setup();
    const settled = await interception.settle();
    expect(settled.layers).toEqual({ nat: true, filter: true, route: true, input: true, ports: true });
    expect(new Set(settled.repaired.map(({ layer }) => layer))).toEqual(
      new Set(['nat', 'filter', 'route', 'input', 'ports']),
    );
    expect(withoutComment(node.lines('nft', 'nat', 'PREROUTING')[0])).toBe(
      '-d 169.254.169.254/32 -j ROLEGATE',
    );
    expect(node.rules('-4')).toEqual([
      'priority 5 iif lo to 169.254.169.254 lookup main protocol 82',
      'priority 6 to 169.254.169.254 prohibit protocol 82',
    ]);
    expect(node.rules('-6')).toHaveLength(2);
  });

  it('A second installation changes no rule and flushes no flow if nothing differs from the plan', async () => {
    const { node, interception } = setup();
    await interception.settle();
    node.calls.length = 0;
    expect((await interception.settle()).repaired).toEqual([]);
    expect(node.calls.filter((call) => /restore|rule add|rule del|conntrack/.test(call))).toEqual([]);
  });

  it('Flows that began before the rules are flushed, and with flushAll those that others redirected as well', async () => {
    const { node, interception } = setup();
    await interception.settle({ flushAll: true });
    expect(node.calls).toContain('conntrack -D -f ipv4 --orig-dst 169.254.169.254');
    const next = setup();
    await next.interception.settle();
    expect(next.node.calls).toContain(
      'conntrack -D -f ipv4 --orig-dst 169.254.169.254 --reply-src 169.254.169.254',
    );
  });

  it('Flows to the agent are kept if only the rules of another layer have changed', async () => {
    const { node, interception } = setup();
    await interception.settle();
    node.tables('nft').get('filter')?.set('ROLEGATE-INPUT', ['-j DROP']);
    node.calls.length = 0;
    const { repaired } = await interception.settle({ flushAll: true });
    expect(repaired.map(({ layer }) => layer)).toEqual(['input']);
    expect(node.calls.filter((call) => call.includes('conntrack -D -f ipv4'))).toEqual([
      'conntrack -D -f ipv4 --orig-dst 169.254.169.254 --reply-src 169.254.169.254',
    ]);
  });

  it('A family that the kernel does not have is left out', async () => {
    const { node, interception } = setup({ families: ['ipv4'] });
    expect((await interception.settle()).left).toEqual([]);
    expect(node.calls.filter((call) => call.includes('ip6tables') || call.includes('-6'))).toEqual([]);
  });
});

describe('Repair', () => {
  it.each([
    { layer: 'nat', table: 'nat', chain: 'ROLEGATE', to: [] },
    { layer: 'ports', table: 'nat', chain: 'OUTPUT', to: [] },
    { layer: 'ports', table: 'nat', chain: 'ROLEGATE-PORTS', to: ['-p tcp --dport 8181 -j ACCEPT'] },
    {
      layer: 'nat',
      table: 'nat',
      chain: 'ROLEGATE',
      to: ['-p tcp --dport 80 -j DNAT --to-destination 10.0.0.9:8181'],
    },
    { layer: 'filter', table: 'filter', chain: 'ROLEGATE-DENY', to: ['-j ACCEPT'] },
    { layer: 'filter', table: 'filter', chain: 'FORWARD', to: [] },
    {
      layer: 'filter',
      table: 'filter',
      chain: 'ROLEGATE-DENY',
      to: [
        '-p tcp -j REJECT --reject-with tcp-reset',
        '-j REJECT --reject-with icmp-admin-prohibited',
        '-j ACCEPT',
      ],
    },
    { layer: 'input', table: 'filter', chain: 'INPUT', to: [] },
    { layer: 'input', table: 'filter', chain: 'ROLEGATE-INPUT', to: ['-j ACCEPT'] },
  ] as const)(
    'The layer $layer is repaired if $table $chain became $to',
    async ({ layer, table, chain, to }) => {
      const { node, interception } = setup();
      await interception.settle();
      node
        .tables('nft')
        .get(table)
        ?.set(chain, [...to]);
      const settled = await interception.settle();
      expect([...new Set(settled.repaired.map((fault) => fault.layer))]).toEqual([layer]);
      expect(settled.left).toEqual([]);
      expect((await interception.settle()).repaired).toEqual([]);
    },
  );

  it.each([
    { program: 'iptables', says: 'chain ROLEGATE-DENY has different rules' },
    { program: 'ip6tables', says: 'IPv6: chain ROLEGATE-DENY has different rules' },
  ] as const)('A fault in the rules of $program says "$says"', async ({ program, says }) => {
    const { node, interception } = setup();
    await interception.settle();
    node.tables('nft', program).get('filter')?.set('ROLEGATE-DENY', []);
    expect((await interception.settle()).repaired).toEqual([{ layer: 'filter', message: says }]);
  });

  it('The jumps to our chains are repaired if nat PREROUTING was flushed', async () => {
    const { node, interception } = setup();
    await interception.settle();
    node.tables('nft').get('nat')?.set('PREROUTING', []);
    const settled = await interception.settle();
    expect(settled.repaired.map(({ layer }) => layer)).toEqual(['ports', 'nat']);
    expect(settled.left).toEqual([]);
  });

  it.each(['-4', '-6'] as const)(
    'A lost ip rule is installed again (%s), and one that opens the address is removed',
    async (family) => {
      const { node, interception } = setup();
      await interception.settle();
      const rules = node.rules(family);
      const address = family === '-4' ? '169.254.169.254' : 'fd00:ec2::254';
      rules.splice(1, 1, `priority 5 iif eth1 to ${address} lookup main`);
      const { repaired, left } = await interception.settle();
      expect(repaired.map(({ layer }) => layer)).toEqual(['route', 'route']);
      expect(left).toEqual([]);
      expect(rules.map((rule) => rule.includes('eth1'))).toEqual([false, false]);
    },
  );

  it('The redirect of a family is removed if the node no longer has an address of that family', async () => {
    const hostIps = { ipv4: '198.18.0.1', ipv6: 'fd00:198:18::1' };
    const { node, interception } = setup({ options: { hostIps } });
    await interception.settle();
    expect(node.lines('nft', 'nat', 'ROLEGATE', 'ip6tables')).toHaveLength(1);
    const next = setup({ run: node.run }).interception;
    expect((await next.settle()).repaired.map(({ layer }) => layer)).toEqual(['nat', 'ports', 'input']);
    expect(node.tables('nft', 'ip6tables').get('nat')?.has('ROLEGATE')).toBe(false);
    expect((await next.settle()).repaired).toEqual([]);
  });

  it('A repair leaves foreign rules unchanged and in their order', async () => {
    const { node, interception } = setup();
    const others = [
      '-m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
      '-d 10.0.0.1/32 -j DNAT --to-destination 10.0.0.2',
    ];
    node.tables('nft').get('nat')?.set('KUBE-SERVICES', ['-d 10.96.0.1/32 -j ACCEPT']);
    others.forEach((rule, at) => {
      node.add('nft', 'nat', 'PREROUTING', at, rule);
    });
    await interception.settle();
    node.tables('nft').get('nat')?.set('ROLEGATE', []);
    await interception.settle();
    const left = node.lines('nft', 'nat', 'PREROUTING').filter((rule) => !rule.includes('ROLEGATE'));
    expect(left).toEqual(others);
    expect(node.lines('nft', 'nat', 'KUBE-SERVICES')).toEqual(['-d 10.96.0.1/32 -j ACCEPT']);
  });

  it('One layer is installed even if the programs of another fail, and the failure is reported', async () => {
    const { node, interception } = setup();
    node.broken.add('ip');
    const settled = await interception.settle();
    expect(settled.layers).toEqual({ nat: true, filter: true, route: false, input: true, ports: true });
    expect(settled.left[0]?.message).toContain('ip is broken');
  });

  it('One family is installed even if the programs of the other fail', async () => {
    const { node, interception } = setup();
    node.broken.add('ip6tables-nft-restore');
    const { layers, left } = await interception.settle();
    expect(layers).toMatchObject({ nat: true, filter: false });
    expect(left.map(({ message }) => message).join()).toContain('ip6tables-nft-restore');
    expect(node.lines('nft', 'filter', 'FORWARD')).toHaveLength(1);
  });

  it('The error says what is missing if the node has no iptables', async () => {
    const { interception } = setup({ without: ['iptables', 'ip6tables'], backend: 'nft' });
    await expect(interception.settle()).rejects.toThrow('cannot read the rules of iptables-nft; this needs');
    const next = setup({ without: ['iptables', 'ip6tables'] }).interception;
    await expect(next.settle()).rejects.toThrow(
      'cannot read the rules of iptables-nft or iptables-legacy; this needs',
    );
  });

  it('The error says what the programs said if no tables can be read', async () => {
    const { node, interception } = setup();
    for (const program of ['iptables-nft-save', 'iptables-legacy-save']) node.broken.add(program);
    await expect(interception.settle()).rejects.toMatchObject({
      errors: [
        expect.objectContaining({ message: 'iptables-nft-save: iptables-nft-save is broken' }),
        expect.objectContaining({ message: 'iptables-legacy-save: iptables-legacy-save is broken' }),
      ],
    });
  });
});

describe('Foreign rules', () => {
  it.each([
    ['nat', 'PREROUTING', '-j KUBE-SERVICES'],
    ['nat', 'PREROUTING', '-m addrtype --dst-type LOCAL -p tcp --dport 80 -j DNAT --to-destination 10.0.0.1'],
    ['nat', 'PREROUTING', '-p udp -j DNAT --to-destination 10.0.0.1'],
    ['nat', 'PREROUTING', '-p tcp -m tcp --dport 443 -j DNAT --to-destination 10.0.0.1'],
    ['nat', 'PREROUTING', '-d 10.0.0.0/8 -j ACCEPT'],
    ['nat', 'PREROUTING', '-p tcp -m tcp --dport 80 -j LOG'],
    ['filter', 'FORWARD', '-j KUBE-SERVICES'],
    ['filter', 'FORWARD', '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'],
    ['filter', 'FORWARD', '-s 10.0.0.0/8 -j DROP'],
    ['filter', 'FORWARD', '! -d 169.254.0.0/16 -j ACCEPT'],
    ['filter', 'INPUT', '-i lo -j ACCEPT'],
    ['filter', 'INPUT', '-p tcp -m tcp --dport 22 -j ACCEPT'],
    ['filter', 'INPUT', '-p tcp -m multiport --dports 22,443,8000:8100 -j ACCEPT'],
  ])('In %s %s, a foreign rule above ours is no fault: %s', async (table, chain, rule) => {
    const { node, interception } = setup();
    await interception.settle();
    node.tables('nft').get(table)?.set('KUBE-SERVICES', ['-d 10.96.0.1/32 -j ACCEPT', '-j ACCEPT']);
    node.add('nft', table, chain, 0, rule);
    expect((await interception.settle()).repaired).toEqual([]);
  });

  it.each([
    [
      'nat',
      'PREROUTING',
      '-d 169.254.169.254/32 -i docker0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.7:3100',
    ],
    ['nat', 'PREROUTING', '-p tcp -m tcp --dport 80 -j REDIRECT --to-ports 3128'],
    ['nat', 'PREROUTING', '-d 169.254.0.0/16 -j ACCEPT'],
    ['nat', 'PREROUTING', '-j KIAM'],
    ['filter', 'FORWARD', '-s 10.0.0.0/8 -j ACCEPT'],
    ['filter', 'FORWARD', '! -d 10.0.0.0/8 -j ACCEPT'],
    ['filter', 'INPUT', '-p tcp -m tcp --dport 8000:9000 -j DROP'],
    ['filter', 'INPUT', '-s 10.0.0.0/8 -j ACCEPT'],
  ])('In %s %s, our rule moves back above a foreign one: %s', async (table, chain, rule) => {
    const { node, interception } = setup();
    await interception.settle();
    node
      .tables('nft')
      .get('nat')
      ?.set('KIAM', ['-d 169.254.169.254/32 -j DNAT --to-destination 10.0.0.7:3100']);
    node.add('nft', table, chain, 0, rule);
    expect((await interception.settle()).repaired).toHaveLength(1);
    expect(node.lines('nft', table, chain)[0]).toContain('ROLEGATE');
    expect(node.lines('nft', table, chain)).toContain(rule);
  });

  it('Foreign rules for a metadata address are reported wherever they stand, and our own are not', async () => {
    const { node, interception } = setup();
    const leftOver = '-d 169.254.169.254/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.7:3100';
    node.add('nft', 'nat', 'PREROUTING', 0, leftOver);
    node.add('nft', 'mangle', 'PREROUTING', 0, '-d 169.254.169.254/32 -j DROP');
    expect((await interception.settle()).foreign).toEqual([
      `-t nat -A PREROUTING ${leftOver}`,
      '-t mangle -A PREROUTING -d 169.254.169.254/32 -j DROP',
    ]);
  });

  it('Foreign chains that lead to one another cause no endless loop', async () => {
    const { node, interception } = setup();
    await interception.settle();
    node.tables('nft').get('nat')?.set('A', ['-j B']);
    node.tables('nft').get('nat')?.set('B', ['-j A']);
    node.add('nft', 'nat', 'PREROUTING', 0, '-j A');
    expect((await interception.settle()).repaired).toEqual([]);
  });
});

describe('Backend', () => {
  it.each(['nft', 'legacy'] as const)('The iptables backend is that of kubelet: %s', async (backend) => {
    const { node, interception } = setup();
    const other = backend === 'nft' ? 'legacy' : 'nft';
    node.tables(backend).get('mangle')?.set('KUBE-IPTABLES-HINT', []);
    for (let at = 0; at < 9; at++) node.add(other, 'filter', 'FORWARD', 0, '-s 10.0.0.0/8 -j ACCEPT');
    expect((await interception.settle()).backend).toBe(backend);
    expect(oursIn(node, other)).toEqual([]);
    expect(oursIn(node, backend)).not.toEqual([]);
  });

  it('The iptables backend is the one with more rules if kubelet has left no hint, and nft if there are none', async () => {
    const { node, interception } = setup();
    expect((await interception.settle()).backend).toBe('nft');
    node.add('legacy', 'filter', 'FORWARD', 0, '-s 10.0.0.0/8 -j ACCEPT');
    expect((await interception.settle()).backend).toBe('legacy');
    expect(oursIn(node, 'nft')).toEqual([]);
  });

  it('The configured iptables backend is used even if kubelet uses another', async () => {
    const { node, interception } = setup({ backend: 'legacy' });
    node.tables('nft').get('mangle')?.set('KUBE-KUBELET-CANARY', []);
    expect((await interception.settle()).backend).toBe('legacy');
  });

  it('The iptables backend is the one that the node has', async () => {
    expect((await setup({ without: ['-legacy-'] }).interception.settle()).backend).toBe('nft');
    expect((await setup({ without: ['-nft-'] }).interception.settle()).backend).toBe('legacy');
  });
});

describe('Uninstall', () => {
  it('Uninstall removes exactly our rules and the foreign jumps to them, from both backends', async () => {
    const { node, interception } = setup();
    const before = '-s 10.0.0.0/8 -j ACCEPT';
    node.add('nft', 'filter', 'FORWARD', 0, before);
    await interception.settle();
    node.tables('legacy').get('nat')?.set('ROLEGATE', ['-j ACCEPT']);
    node.add('legacy', 'nat', 'PREROUTING', 0, JUMP);
    node.add('nft', 'nat', 'POSTROUTING', 0, '-p tcp -j ROLEGATE');
    node.rules('-4').push('priority 7 to 169.254.169.254 prohibit');
    await interception.remove();
    expect([...oursIn(node, 'nft'), ...oursIn(node, 'legacy')]).toEqual([]);
    expect(node.lines('nft', 'filter', 'FORWARD')).toEqual([before]);
    expect(node.rules('-4')).toEqual(['priority 7 to 169.254.169.254 prohibit']);
    expect(node.rules('-6')).toEqual([]);
  });

  it('Uninstall changes nothing if no rules are installed', async () => {
    const { node, interception } = setup();
    await interception.remove();
    expect(node.calls.filter((call) => /restore|rule del/.test(call))).toEqual([]);
  });

  it('Uninstall removes what it can, and fails if something is left', async () => {
    const { node, interception } = setup();
    await interception.settle();
    node.broken.add('iptables-nft-restore');
    await expect(interception.remove()).rejects.toThrow('some rules could not be removed');
    expect(node.rules('-4')).toEqual([]);
  });

  it('Uninstall fails if a backend cannot be read, and does not treat it as empty', async () => {
    const { node, interception } = setup();
    await interception.settle();
    node.tables('legacy', 'ip6tables').get('nat')?.set('OTHER', []);
    node.broken.add('ip6tables-legacy-save');
    await expect(interception.remove()).rejects.toThrow('some rules could not be removed');
  });
});

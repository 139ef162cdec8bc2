import { describe, expect, it } from 'vitest';
import type { HostInterface } from '../../../src/interception/rules/host-interfaces.ts';
import { hostInterface } from '../../../src/interception/rules/host-interfaces.ts';
import { ownChains, planInterception } from '../../../src/interception/rules/plan.ts';
import type { PlanOptions } from '../../../src/interception/rules/rule.ts';

const NODE: PlanOptions = {
  hostIps: { ipv4: '198.18.0.1' },
  port: 8181,
  guardedPorts: [9621, 9622],
  hostInterfaces: [],
  excludedInterfaces: [],
  containerCredentials: false,
};

function interfaces(...texts: string[]): HostInterface[] {
  return texts.map((text) => (hostInterface.parse(text) as { value: HostInterface }).value);
}

function rulesOf(
  options: Partial<PlanOptions>,
  family: 'ipv4' | 'ipv6',
  chain: string,
): string[] | undefined {
  const plan = planInterception({ ...NODE, ...options }).find((one) => one.family === family);
  return plan?.chains.find(({ name }) => name === chain)?.rules.map(({ match }) => match);
}

describe('Interception plan', () => {
  it('The interception plan redirects 80/tcp to the agent by DNAT, without a match on interfaces', () => {
    expect(rulesOf({}, 'ipv4', 'ROLEGATE')).toEqual([
      '-p tcp --dport 80 -j DNAT --to-destination 198.18.0.1:8181',
    ]);
  });

  it('The interception plan rejects all that still goes to a metadata address, of any protocol, so that SDKs fail fast', () => {
    expect(rulesOf({}, 'ipv4', 'ROLEGATE-DENY')).toEqual([
      '-p tcp -j REJECT --reject-with tcp-reset',
      '-j REJECT --reject-with icmp-admin-prohibited',
    ]);
    expect(rulesOf({}, 'ipv6', 'ROLEGATE-DENY')?.[1]).toBe('-j REJECT --reject-with icmp6-adm-prohibited');
  });

  it("The interception plan opens the agent's port only for connections to the metadata address", () => {
    expect(rulesOf({}, 'ipv4', 'ROLEGATE-INPUT')?.slice(2)).toEqual([
      '-m conntrack --ctstate DNAT --ctorigdst 169.254.169.254 -j ACCEPT',
      '-j DROP',
    ]);
  });

  it.each([
    { family: 'ipv4' as const, address: '169.254.169.254', list: 'rolegate' },
    { family: 'ipv6' as const, address: 'fd00:ec2::254', list: 'rolegate6' },
  ])(
    'The interception plan limits new connections of an address before it accepts them, for $family',
    ({ family, address, list }) => {
      const hostIps = { ipv4: '198.18.0.1', ipv6: 'fd00:198:18::1' };
      const isNew = `-m conntrack --ctstate NEW --ctorigdst ${address}`;
      expect(rulesOf({ hostIps }, family, 'ROLEGATE-INPUT')?.slice(0, 2)).toEqual([
        `${isNew} -m recent --name ${list} --rcheck --seconds 1 -j DROP`,
        [
          `${isNew} -m limit --limit 10000/sec --limit-burst 10000`,
          '-m hashlimit --hashlimit-above 200/sec --hashlimit-burst 512 --hashlimit-mode srcip --hashlimit-name rolegate',
          '--hashlimit-htable-size 16384 --hashlimit-htable-max 262144 --hashlimit-htable-expire 3000',
          `-m recent --name ${list} --set -j DROP`,
        ].join(' '),
      ]);
    },
  );

  it('The interception plan denies fd00:ec2::254 and no more if the node has no IPv6 address', () => {
    const [, six] = planInterception(NODE);
    expect(six?.chains.map(({ name }) => name)).toEqual(['ROLEGATE-DENY']);
    expect(six?.routes.map(({ action }) => action)).toEqual(['main', 'prohibit']);
  });

  it('The interception plan redirects fd00:ec2::254 to the agent if the node has an IPv6 address', () => {
    const hostIps = { ipv4: '198.18.0.1', ipv6: 'fd00:198:18::1' };
    expect(rulesOf({ hostIps }, 'ipv6', 'ROLEGATE')).toEqual([
      '-p tcp --dport 80 -j DNAT --to-destination [fd00:198:18::1]:8181',
    ]);
  });

  it.each([
    { given: ['cali+'], first: ['-i cali+ -p tcp'] },
    { given: ['eni+', 'vlan+'], first: ['-i eni+ -p tcp', '-i vlan+ -p tcp'] },
    { given: ['!eth0'], first: ['-i eth0 -j RETURN', '-p tcp'] },
    { given: ['!eth0', '!eth1'], first: ['-i eth0 -j RETURN', '-i eth1 -j RETURN', '-p tcp'] },
    { given: ['eni+', '!eni0'], first: ['-i eni0 -j RETURN', '-i eni+ -p tcp'] },
    { given: ['+'], first: ['-i + -p tcp'] },
  ])('The interception plan redirects the traffic of the host interfaces $given', ({ given, first }) => {
    const rules = rulesOf({ hostInterfaces: interfaces(...given) }, 'ipv4', 'ROLEGATE') ?? [];
    expect(rules.map((rule) => rule.slice(0, first[rules.indexOf(rule)]?.length))).toEqual(first);
  });

  it('The interception plan lets only excluded guests pass all three layers', () => {
    const excluded = { excludedInterfaces: ['tap0'] };
    expect(rulesOf(excluded, 'ipv4', 'ROLEGATE')?.[0]).toBe('-i tap0 -j RETURN');
    expect(rulesOf(excluded, 'ipv4', 'ROLEGATE-DENY')?.[0]).toBe('-i tap0 -j RETURN');
    const [four] = planInterception({ ...NODE, ...excluded });
    expect(four?.routes).toEqual([
      { priority: 5, to: '169.254.169.254', iif: 'lo', action: 'main' },
      { priority: 5, to: '169.254.169.254', iif: 'tap0', action: 'main' },
      { priority: 6, to: '169.254.169.254', action: 'prohibit' },
    ]);
  });

  it("The plan's ip rules stand before those of Cilium (9) and amazon-vpc-cni (10), and after the local table (0)", () => {
    const priorities = planInterception(NODE).flatMap(({ routes }) => routes.map(({ priority }) => priority));
    expect(priorities.every((priority) => priority > 0 && priority < 9)).toBe(true);
  });

  it('The interception plan has no chain that uninstall does not know', () => {
    const hostIps = { ipv4: '198.18.0.1', ipv6: 'fd00:198:18::1' };
    const planned = planInterception({ ...NODE, hostIps }).flatMap(({ chains }) => chains);
    for (const { table, name, layer } of planned) expect(ownChains).toContainEqual({ table, name, layer });
  });

  it('Every rule of the interception plan has a comment that iptables takes as it is', () => {
    const all = planInterception({
      ...NODE,
      excludedInterfaces: ['tap0'],
      hostInterfaces: interfaces('!eth0'),
    });
    const comments = all
      .flatMap(({ chains }) => chains.flatMap(({ jumps, rules }) => [...jumps, ...rules]))
      .map(({ comment }) => comment);
    for (const comment of comments) expect(comment).toMatch(/^[A-Za-z0-9 :,]{8,255}$/);
  });
});

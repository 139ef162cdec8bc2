import { describe, expect, it } from 'vitest';
import { planInterception } from '../../../src/interception/rules/plan.ts';
import type { FamilyPlan, PlanOptions } from '../../../src/interception/rules/rule.ts';

const NODE: PlanOptions = {
  hostIps: { ipv4: '198.18.0.1', ipv6: 'fd00:198:18::1' },
  port: 8181,
  guardedPorts: [9621, 9622],
  hostInterfaces: [],
  excludedInterfaces: [],
  containerCredentials: true,
};

function planOf(
  family: 'ipv4' | 'ipv6',
  options: Partial<PlanOptions> = {},
  around: { uplinks?: string[]; ignoresEndpoint?: boolean } = {},
) {
  const whole = { uplinks: ['eth0'], ignoresEndpoint: false, ...around };
  const found = planInterception({ ...NODE, ...options }, whole).find((one) => one.family === family);
  if (found === undefined) throw new Error(family);
  return found;
}

function chain({ chains }: FamilyPlan, name: string) {
  const found = chains.find((one) => one.name === name);
  return {
    jumps: found?.jumps.map(({ base, match }) => `${base} ${match}`),
    rules: found?.rules.map(({ match }) => match),
  };
}

describe('Rules of the endpoint for container credentials', () => {
  it.each([
    { family: 'ipv4' as const, address: '169.254.170.23', bits: 32 },
    { family: 'ipv6' as const, address: 'fd00:ec2::23', bits: 128 },
  ])(
    'The endpoint is closed to uplinks, limited and open to the rest, for $family',
    ({ family, address, bits }) => {
      const plan = planOf(family, {}, { uplinks: ['eth0', 'eth1'] });
      const { jumps, rules } = chain(plan, 'ROLEGATE-CREDENTIALS-INPUT');
      expect(jumps).toEqual([
        `INPUT -d ${address}/${bits} -p tcp --dport 8182 -j ROLEGATE-CREDENTIALS-INPUT`,
      ]);
      expect(rules?.map((rule) => rule.replace(/ (--ctorigdst \S+) .*/, ' $1'))).toEqual([
        '-i eth0 -j DROP',
        '-i eth1 -j DROP',
        `-m conntrack --ctstate NEW --ctorigdst ${address}`,
        `-m conntrack --ctstate NEW --ctorigdst ${address}`,
        '-j ACCEPT',
      ]);
    },
  );

  it("No rule redirects the endpoint's port, on its own address and on those of the node", () => {
    const { jumps, rules } = chain(planOf('ipv4'), 'ROLEGATE-CREDENTIALS-PORTS');
    expect(jumps?.map((jump) => jump.replace(' -p tcp -j ROLEGATE-CREDENTIALS-PORTS', ''))).toEqual([
      'PREROUTING -d 169.254.170.23/32',
      'PREROUTING -d 198.18.0.1/32',
      'OUTPUT -d 169.254.170.23/32',
      'OUTPUT -d 198.18.0.1/32',
      'OUTPUT -d 127.0.0.1/32',
    ]);
    expect(rules).toEqual(['-p tcp --dport 8182 -j ACCEPT']);
  });

  it("The endpoint's address is local before network plugins' rules, and prohibited while it is not", () => {
    const routes = planOf('ipv6').routes.filter(({ to }) => to === 'fd00:ec2::23');
    expect(routes).toEqual([
      { priority: 5, to: 'fd00:ec2::23', action: 'local' },
      { priority: 6, to: 'fd00:ec2::23', action: 'prohibit' },
    ]);
  });

  it('A node without an IPv6 address has the endpoint by IPv4 only, and one without an IPv4 address by both', () => {
    const withoutSix = { hostIps: { ipv4: '198.18.0.1' } };
    expect(planOf('ipv4', withoutSix).endpoint.state).toBe('installed');
    expect(planOf('ipv6', withoutSix).endpoint.state).toBe('removed');
    expect(planOf('ipv6', withoutSix, { ignoresEndpoint: true }).endpoint.state).toBe('removed');
    const withoutFour = { hostIps: { ipv6: 'fd00:198:18::1' } };
    expect(planOf('ipv4', withoutFour).endpoint.state).toBe('installed');
    expect(planOf('ipv6', withoutFour).endpoint.state).toBe('installed');
  });

  it('All other rules are the same with and without the endpoint', () => {
    for (const family of ['ipv4', 'ipv6'] as const) {
      const [on, off] = [planOf(family), planOf(family, { containerCredentials: false })];
      expect(on.chains.slice(0, off.chains.length)).toEqual(off.chains);
      expect(on.routes.slice(0, off.routes.length)).toEqual(off.routes);
      expect(off.chains.some(({ name }) => name.includes('CREDENTIALS'))).toBe(false);
    }
  });
});

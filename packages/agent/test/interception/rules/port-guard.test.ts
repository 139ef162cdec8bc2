import { describe, expect, it } from 'vitest';
import { planInterception } from '../../../src/interception/rules/plan.ts';
import type { Family } from '../../../src/interception/rules/metadata-addresses.ts';
import { oursIn, setup } from '../installed.ts';

const BOTH = { ipv4: '198.18.0.1', ipv6: 'fd00:198:18::1' };

function guardOf(hostIps: Partial<Record<Family, string>>, family: Family) {
  const plan = planInterception({
    hostIps,
    port: 8181,
    guardedPorts: [9621, 9622, 8181],
    hostInterfaces: [],
    excludedInterfaces: [],
    containerCredentials: false,
  }).find((one) => one.family === family);
  return plan?.chains.find(({ name }) => name === 'ROLEGATE-PORTS');
}

const jumpsOf = (guard: ReturnType<typeof guardOf>) =>
  guard?.jumps.map(({ base, match }) => `${base} ${match.replace(' -p tcp -j ROLEGATE-PORTS', '')}`);

/** The rules of the portmap plugin (containernetworking/plugins, portmap_iptables.go) for a Pod with this hostPort. */
function layPortmap(
  { node }: ReturnType<typeof setup>,
  { port, protocol = 'tcp', to = '', first = false }: Portmap,
): void {
  const nat = node.tables('nft').get('nat');
  nat?.set('CNI-HOSTPORT-SETMARK', ['-j MARK --set-xmark 0x2000/0x2000']);
  nat?.set('CNI-HOSTPORT-DNAT', [
    `-p ${protocol} -m comment --comment "dnat name: \\"cbr0\\" id: \\"0a1b\\"" -m multiport --dports ${port} -j CNI-DN-0a1b`,
  ]);
  nat?.set('CNI-DN-0a1b', [
    `-s 127.0.0.1/32${to} -p ${protocol} -m ${protocol} --dport ${port} -j CNI-HOSTPORT-SETMARK`,
    `-p ${protocol}${to} -m ${protocol} --dport ${port} -j DNAT --to-destination 198.18.5.2:80`,
  ]);
  for (const chain of ['PREROUTING', 'OUTPUT'])
    node.add('nft', 'nat', chain, first ? 0 : 99, '-m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT');
}

interface Portmap {
  readonly port: string;
  readonly protocol?: string;
  /** A match on the destination: the Pod's `hostIP`. */
  readonly to?: string;
  /** Above ours. */
  readonly first?: boolean;
}

describe('Port guard', () => {
  it("The port guard accepts each of the agent's ports once", () => {
    expect(guardOf(BOTH, 'ipv4')?.rules.map(({ match }) => match)).toEqual([
      '-p tcp --dport 8181 -j ACCEPT',
      '-p tcp --dport 9621 -j ACCEPT',
      '-p tcp --dport 9622 -j ACCEPT',
    ]);
  });

  it("The port guard covers the node's internal address from anywhere and loopback from the node, in both families", () => {
    expect(jumpsOf(guardOf(BOTH, 'ipv4'))).toEqual([
      'PREROUTING -d 198.18.0.1/32',
      'OUTPUT -d 198.18.0.1/32',
      'OUTPUT -d 127.0.0.1/32',
    ]);
    expect(jumpsOf(guardOf(BOTH, 'ipv6'))).toEqual([
      'PREROUTING -d fd00:198:18::1/128',
      'OUTPUT -d fd00:198:18::1/128',
      'OUTPUT -d ::1/128',
    ]);
  });

  it('The port guard covers IPv4 loopback on a node without an IPv4 address, and no IPv6 without an IPv6 address', () => {
    expect(jumpsOf(guardOf({ ipv6: BOTH.ipv6 }, 'ipv4'))).toEqual(['OUTPUT -d 127.0.0.1/32']);
    expect(guardOf({ ipv4: BOTH.ipv4 }, 'ipv6')).toBeUndefined();
  });

  it.each(['9621', '8181', '9622', '80,443,9000:9700'])(
    'The port guard moves above the rules of a Pod with hostPort %s that were put first, and these stay',
    async (port) => {
      const laid = setup();
      await laid.interception.settle();
      layPortmap(laid, { port, first: true });
      const { repaired, left } = await laid.interception.settle();
      expect(new Set(repaired.map(({ layer }) => layer))).toEqual(new Set(['ports']));
      expect(left).toEqual([]);
      for (const chain of ['PREROUTING', 'OUTPUT']) {
        const rules = laid.node.lines('nft', 'nat', chain);
        expect(rules.at(-1)).toContain('CNI-HOSTPORT-DNAT');
        expect(rules.filter((rule) => rule.includes('CNI-HOSTPORT-DNAT'))).toHaveLength(1);
      }
      expect((await laid.interception.settle()).repaired).toEqual([]);
    },
  );

  it.each([
    { name: 'the same ports below ours', portmap: { port: '9621' } },
    { name: 'another port above ours', portmap: { port: '9620', first: true } },
    { name: 'the same port of UDP', portmap: { port: '9621', protocol: 'udp', first: true } },
    { name: 'another address of the node', portmap: { port: '9621', to: ' -d 198.18.1.10/32', first: true } },
  ])(
    "The port guard leaves hostPort rules alone that cannot take the agent's traffic: $name",
    async ({ portmap }) => {
      const laid = setup();
      await laid.interception.settle();
      layPortmap(laid, portmap);
      expect((await laid.interception.settle()).repaired).toEqual([]);
    },
  );

  it.each([
    ['-j KUBE-SERVICES', 'leads to a Service with an external IP of the node', 1],
    ['-m addrtype --dst-type LOCAL -j KUBE-NODEPORTS', 'leads to the node ports', 0],
    ['-d 10.96.0.7/32 -p tcp -m tcp --dport 9621 -j DNAT --to-destination 10.0.0.2', 'is of a Service', 0],
    ['! -d 10.96.0.0/12 -p tcp -j REDIRECT --to-ports 15001', 'redirects all TCP', 1],
    ['-m addrtype ! --dst-type LOCAL -j REDIRECT --to-ports 15001', 'redirects what is for elsewhere', 0],
    ['-m addrtype --dst-type BROADCAST -j DNAT --to-destination 10.0.0.2', 'redirects broadcasts', 0],
    ['-p tcp -j ACCEPT', 'accepts: nothing below redirects it', 0],
  ])('The port guard checks where the rule %s above it leads: it %s', async (rule, _, faults) => {
    const { node, interception } = setup();
    await interception.settle();
    const nat = node.tables('nft').get('nat');
    nat?.set('KUBE-SERVICES', ['-d 198.18.0.1/32 -p tcp -m tcp --dport 9621 -j KUBE-EXT-A']);
    nat?.set('KUBE-EXT-A', ['-j KUBE-SVC-A']);
    nat?.set('KUBE-SVC-A', ['-p tcp -j DNAT --to-destination 10.0.0.3:80', '-j KUBE-SERVICES']);
    nat?.set('KUBE-NODEPORTS', ['-p tcp -m tcp --dport 31234 -j KUBE-SVC-A']);
    node.add('nft', 'nat', 'OUTPUT', 0, rule);
    expect((await interception.settle()).repaired.length > 0).toBe(faults > 0);
  });

  it("Connections that others redirected from the agent's addresses and ports are flushed once the port guard is installed", async () => {
    const { node, interception } = setup();
    await interception.settle();
    const flushed = () => node.calls.filter((call) => call.includes('--dst-nat'));
    expect(flushed()).toEqual(
      ['198.18.0.1', '127.0.0.1'].flatMap((address) =>
        ['8181', '9621', '9622'].map(
          (port) => `conntrack -D -f ipv4 -p tcp --orig-dst ${address} --orig-port-dst ${port} --dst-nat`,
        ),
      ),
    );
    node.calls.length = 0;
    node.tables('nft').get('nat')?.set('ROLEGATE', []);
    await interception.settle();
    expect(flushed()).toEqual([]);
  });

  it('The port guard is removed with everything else, and the foreign rules below it stay', async () => {
    const laid = setup({ options: { hostIps: BOTH } });
    layPortmap(laid, { port: '9621' });
    const before = laid.node.lines('nft', 'nat', 'OUTPUT').slice();
    await laid.interception.settle();
    await laid.interception.remove();
    expect(oursIn(laid.node, 'nft')).toEqual([]);
    expect(laid.node.lines('nft', 'nat', 'OUTPUT')).toEqual(before);
  });
});

import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/interception/commands.ts';
import { createEndpointLinks, parseLink } from '../../src/interception/endpoint-link.ts';
import { failed, ok } from './fake-node.ts';

/** A dummy link as iproute2 6.1 prints it, abridged. */
const DUMMY =
  '[{"ifindex":2,"ifname":"rolegate0","flags":["BROADCAST","NOARP","UP","LOWER_UP"],"mtu":1500,"qdisc":"noqueue","operstate":"UNKNOWN","addr_info":[' +
  '{"family":"inet","local":"169.254.170.23","prefixlen":32,"scope":"global","label":"rolegate0"},' +
  '{"family":"inet6","local":"fd00:ec2::23","prefixlen":128,"scope":"global","nodad":true,"noprefixroute":true},' +
  '{"family":"inet6","local":"fe80::2c2d:bdff:feda:64a5","prefixlen":64,"scope":"link"}]}]';

function linksWith(answers: Readonly<Record<string, Outcome>>) {
  const calls: string[] = [];
  const run = (program: string, args: readonly string[]) => {
    const call = [program, ...args].join(' ');
    calls.push(call);
    return Promise.resolve(answers[call] ?? ok(''));
  };
  return { calls, links: createEndpointLinks({ run }) };
}

describe('Link of the endpoint', () => {
  it('The link is read with its addresses, without link-local ones', () => {
    expect(parseLink(DUMMY)).toEqual({ isUp: true, addresses: ['169.254.170.23/32', 'fd00:ec2::23/128'] });
    expect(parseLink(DUMMY.replace('"UP",', ''))?.isUp).toBe(false);
  });

  it.each(['', '[]', '[{}]', '[null]', '[{"ifname":"eth0","flags":["UP"]}]'])(
    'No link is read from the output %j',
    (printed) => {
      expect(parseLink(printed)).toBeUndefined();
    },
  );

  it('The link does not exist if ip says so, and is unknown if ip fails otherwise', async () => {
    const show = 'ip -json address show dev rolegate0';
    const missing = linksWith({ [show]: failed('Device "rolegate0" does not exist.') });
    expect(await missing.links.read()).toBeUndefined();
    const broken = linksWith({ [show]: failed('Cannot open netlink socket') });
    await expect(broken.links.read()).rejects.toThrow('Cannot open netlink socket');
  });

  it('The link is a dummy', async () => {
    const { calls, links } = linksWith({});
    await links.create();
    expect(calls).toEqual(['ip link add rolegate0 type dummy']);
  });

  it.each(['Error: Unknown device type.', 'RTNETLINK answers: Operation not supported'])(
    'The link is a bridge if the kernel has no dummy driver (%s)',
    async (says) => {
      const { calls, links } = linksWith({ 'ip link add rolegate0 type dummy': failed(says) });
      await links.create();
      expect(calls.at(-1)).toBe('ip link add rolegate0 type bridge');
    },
  );

  it('Creating the link fails with the words of ip if the kernel has neither', async () => {
    const { links } = linksWith({
      'ip link add rolegate0 type dummy': failed('Error: Unknown device type.'),
      'ip link add rolegate0 type bridge': failed('RTNETLINK answers: Operation not permitted'),
    });
    await expect(links.create()).rejects.toThrow('ip link add: RTNETLINK answers: Operation not permitted');
  });

  it('An IPv6 address is ready at once and makes no prefix route', async () => {
    const { calls, links } = linksWith({});
    await links.addAddress('169.254.170.23/32');
    await links.addAddress('fd00:ec2::23/128');
    expect(calls).toEqual([
      'ip address add 169.254.170.23/32 dev rolegate0',
      'ip address add fd00:ec2::23/128 dev rolegate0 noprefixroute nodad',
    ]);
  });

  it.each([
    { call: 'link add rolegate0 type dummy', says: 'RTNETLINK answers: File exists' },
    {
      call: 'address add fd00:ec2::23/128 dev rolegate0 noprefixroute nodad',
      says: 'RTNETLINK answers: File exists',
    },
    {
      call: 'address add fd00:ec2::23/128 dev rolegate0 noprefixroute nodad',
      says: 'Error: ipv6: address already assigned.',
    },
    {
      call: 'address del fd00:ec2::23/128 dev rolegate0',
      says: 'RTNETLINK answers: Cannot assign requested address',
    },
    { call: 'address del fd00:ec2::23/128 dev rolegate0', says: 'Error: ipv6: address not found.' },
    { call: 'link delete rolegate0', says: 'Cannot find device "rolegate0"' },
  ])('It is no failure if another process was faster: $call, $says', async ({ call, says }) => {
    const { calls, links } = linksWith({ [`ip ${call}`]: failed(says) });
    await links.create();
    await links.addAddress('fd00:ec2::23/128');
    await links.removeAddress('fd00:ec2::23/128');
    await links.remove();
    expect(calls).toContain(`ip ${call}`);
  });
});

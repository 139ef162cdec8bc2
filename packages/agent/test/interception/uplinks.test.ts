import { describe, expect, it } from 'vitest';
import { listUplinks, parseDefaultRoutes } from '../../src/interception/uplinks.ts';
import { ok } from './fake-node.ts';

describe('Uplinks', () => {
  it.each([
    {
      name: 'of an interface in the main table and of another in a table of its own',
      // amazon-vpc-cni; as iproute2 6.1 on Linux 6.18 prints it, like the next two.
      printed:
        '[{"dst":"default","gateway":"198.18.1.1","dev":"eth1","table":"2","flags":[]},{"dst":"default","gateway":"198.18.0.1","dev":"eth0","protocol":"dhcp","flags":[]}]',
      uplinks: ['eth1', 'eth0'],
    },
    {
      name: 'over several next hops',
      printed:
        '[{"dst":"default","table":"7","flags":[],"nexthops":[{"gateway":"10.0.0.3","dev":"eth0","weight":1,"flags":[]},{"gateway":"10.0.1.4","dev":"eth1","weight":1,"flags":[]}]}]',
      uplinks: ['eth0', 'eth1'],
    },
    {
      name: 'that lead nowhere or to the node itself',
      printed:
        '[{"type":"unreachable","dst":"default","dev":"lo","table":"8","flags":[]},{"type":"local","dst":"default","dev":"lo","table":"9","scope":"host","flags":[]}]',
      uplinks: [],
    },
    {
      name: 'of packets that stay on the node',
      printed: '[{"type":"local","dst":"default","dev":"cni0","table":"9","flags":[]}]',
      uplinks: [],
    },
    { name: 'that name lo', printed: '[{"dst":"default","dev":"lo","flags":[]}]', uplinks: [] },
    { name: 'of which there are none', printed: '', uplinks: [] },
  ])('The uplinks of default routes $name are $uplinks', ({ printed, uplinks }) => {
    expect(parseDefaultRoutes(printed)).toEqual(uplinks);
  });

  it('The uplinks are those of both families, each once', async () => {
    const routes = (...names: string[]) => ok(JSON.stringify(names.map((dev) => ({ dst: 'default', dev }))));
    const run = (_: string, args: readonly string[]) =>
      Promise.resolve(args.includes('-4') ? routes('eth1', 'eth0') : routes('eth0', 'wg0'));
    expect(await listUplinks(run, ['ipv4', 'ipv6'])).toEqual(['eth0', 'eth1', 'wg0']);
    expect(await listUplinks(run, ['ipv4'])).toEqual(['eth0', 'eth1']);
  });
});

import { describe, expect, it } from 'vitest';
import type { HostPort } from '@rolegate/runtime';
import { createServerAddresses } from '../../src/feed/server-addresses.ts';
import { createAttestPorts } from '../../src/identity/attest-ports.ts';

const [ONE, TWO] = ['198.18.0.1', '198.18.0.2'];

/** Every name resolves to the same two replicas, in a different order for each port. */
function portsOf({
  attest,
  feed,
}: {
  readonly attest: readonly HostPort[];
  readonly feed: readonly HostPort[];
}) {
  const at = (servers: readonly HostPort[], step: number) => {
    let next = 0.5;
    const addresses = createServerAddresses({
      servers,
      lookup: () => Promise.resolve([ONE, TWO]),
      random: () => (next += step),
    });
    return { servers, addresses };
  };
  return createAttestPorts({ attestation: at(attest, 0.01), feed: at(feed, -0.01) });
}

describe('Attestation ports', () => {
  it.each([
    { certified: false, kinds: [9611, 9610], order: [ONE, TWO] },
    { certified: true, kinds: [9610, 9611], order: [TWO, ONE] },
  ])(
    'Each attempt pairs the two ports of one replica of the Service (certified: $certified)',
    async ({ certified, kinds, order }) => {
      const next = portsOf({
        attest: [{ host: 'rolegate', port: 9611 }],
        feed: [{ host: 'rolegate', port: 9610 }],
      });
      for (const replica of order) {
        const addresses = (await next({ certified })).map(({ address }) => address);
        expect(addresses.map(({ host }) => host)).toEqual([replica, replica]);
        expect(addresses.map(({ port }) => port)).toEqual(kinds);
      }
    },
  );

  it('An attempt pairs ports of any servers if the configuration does not say which belong together', async () => {
    const next = portsOf({
      attest: [{ host: '198.18.0.9', port: 1 }],
      feed: [{ host: 'rolegate', port: 9610 }],
    });
    const [, other] = await next({ certified: false });
    expect(other.address).toEqual({ host: TWO, name: 'rolegate', port: 9610 });
  });
});

import { describe, expect, it } from '@jest/globals';
import { createServerAddresses } from '../../src/feed/server-addresses.ts';
import type { HostPort } from '../../src/feed/server-addresses.ts';
import { createAttestPorts } from '../../src/identity/attest-ports.ts';

describe('the two ports', () => {
  const [one, two] = ['198.18.0.1', '198.18.0.2'];

  function portsOf({
    attest,
    feed,
  }: {
    readonly attest: readonly HostPort[];
    readonly feed: readonly HostPort[];
  }) {
    const at = (servers: readonly HostPort[]) => ({
      servers,
      addresses: createServerAddresses({
        servers,
        lookup: () => Promise.resolve([one, two]),
        random: () => 0.5,
      }),
    });
    return createAttestPorts({ attestation: at(attest), feed: at(feed) });
  }

  it.each([{ certified: false }, { certified: true }])(
    'are those of the same replica of a Service, in turn (certified: $certified)',
    async ({ certified }) => {
      const next = portsOf({
        attest: [{ host: 'rolegate', port: 9611 }],
        feed: [{ host: 'rolegate', port: 9610 }],
      });
      const pairs = [await next({ certified }), await next({ certified })];
      const hosts = pairs.map((pair) => pair.map(({ address }) => address.host));
      expect(hosts).toEqual([
        [one, one],
        [two, two],
      ]);
      const kinds = certified ? [9610, 9611] : [9611, 9610];
      for (const pair of pairs) expect(pair.map(({ address }) => address.port)).toEqual(kinds);
    },
  );

  it('are any of the servers if the configuration does not say which belong together', async () => {
    const next = portsOf({
      attest: [{ host: '198.18.0.9', port: 1 }],
      feed: [{ host: 'rolegate', port: 9610 }],
    });
    const [, other] = await next({ certified: false });
    expect([one, two]).toContain(other.address.host);
    expect(other.address).toMatchObject({ name: 'rolegate', port: 9610 });
  });
});

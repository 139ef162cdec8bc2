import { describe, expect, it } from 'vitest';
import { createAddressOwners } from '../../src/addresses/address-owners.ts';
import { createFirewallCallers } from '../../src/addresses/firewall-callers.ts';

const IP = '10.1.0.7';

function setup({ hasExceptions = false } = {}) {
  const cniResults = createAddressOwners();
  const result = { uid: 'a', namespace: 'shop', name: 'cart', ips: [IP] };
  cniResults.set('/r/f', { result, mtimeNs: 1n, createdNs: 1n }, { turn: 1, createdNs: 1n });
  return createFirewallCallers({ cniResults, nodeIps: ['192.0.2.10', '2001:DB8::0010'], hasExceptions });
}

describe('Firewall callers', () => {
  it.each([IP, `::ffff:${IP}`, '10.1.0.8', 'fd00::8', 'not an address'])(
    'In firewall mode the caller at %s is a Pod that is denied the metadata API',
    (ip) => {
      expect(setup().identify(ip)).toMatchObject({
        kind: 'pod',
        pod: { metadata: { denied: true }, decision: { kind: 'deny', reason: 'MetadataDenied' } },
      });
    },
  );

  it('In firewall mode a caller has the name of its Pod if the CNI results know it', () => {
    const { identify } = setup();
    expect(identify(IP)).toMatchObject({ pod: { namespace: 'shop', name: 'cart' } });
    expect(identify('10.1.0.8')).toMatchObject({ pod: { namespace: '', name: '' } });
  });

  it('In firewall mode with exceptions a Pod may use the metadata API, but no role is permitted', () => {
    expect(setup({ hasExceptions: true }).identify(IP)).toMatchObject({
      pod: { metadata: { denied: false }, decision: { kind: 'deny', reason: 'MetadataDenied' } },
    });
  });

  it.each(['192.0.2.10', '::ffff:192.0.2.10', '2001:db8::10'])(
    'In firewall mode the caller at %s is the node',
    (ip) => {
      expect(setup().identify(ip)).toEqual({ kind: 'node' });
    },
  );
});

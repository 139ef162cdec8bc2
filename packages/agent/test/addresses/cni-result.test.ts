import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseCniResult } from '../../src/addresses/cni-result.ts';

const ARGS = [
  ['IgnoreUnknown', '1'],
  ['K8S_POD_NAMESPACE', 'shop'],
  ['K8S_POD_NAME', 'cart'],
  ['K8S_POD_UID', 'uid-1'],
];

function text(changes: object = {}): string {
  return JSON.stringify({
    kind: 'cniCacheV1',
    containerId: 'c0ffee',
    ifName: 'eth0',
    networkName: 'podnet',
    cniArgs: ARGS,
    result: { cniVersion: '1.0.0', ips: [{ address: '10.1.0.7/24' }] },
    ...changes,
  });
}

describe('parseCniResult', () => {
  it('reads who holds which address', () => {
    expect(parseCniResult(text())).toEqual({
      uid: 'uid-1',
      namespace: 'shop',
      name: 'cart',
      ips: ['10.1.0.7'],
    });
  });

  it.each([
    { shape: '0.2.0', result: { ip4: { ip: '10.1.0.7/24' }, ip6: { ip: 'FD00::0007/64' } } },
    {
      shape: '0.4.0',
      result: {
        ips: [
          { version: '4', address: '10.1.0.7/24' },
          { version: '6', address: 'fd00:0::7/64' },
        ],
      },
    },
    {
      shape: '1.0.0',
      result: { ips: [{ address: '10.1.0.7/32' }, { address: 'fd00::7/64' }, { address: '10.1.0.7/24' }] },
    },
  ])('reads all addresses of a result of $shape, canonical and once', ({ result }) => {
    expect(parseCniResult(text({ result }))).toMatchObject({ ips: ['10.1.0.7', 'fd00::7'] });
  });

  it('counts a result without UID by namespace and name', () => {
    const result = parseCniResult(text({ cniArgs: ARGS.slice(0, 3) }));
    expect(result).toEqual({ namespace: 'shop', name: 'cart', ips: ['10.1.0.7'] });
  });

  it.each([
    { what: 'lo', changes: { ifName: 'lo' } },
    { what: 'a second interface', changes: { ifName: 'net1' } },
    { what: 'no address', changes: { result: { ips: [] } } },
    { what: 'no result', changes: { result: null } },
    {
      what: 'addresses that are none',
      changes: { result: { ips: [{ address: 'x/24' }, { address: 7 }, null, 'x'] } },
    },
  ])('passes over silently: $what', ({ changes }) => {
    expect(parseCniResult(text(changes))).toMatchObject({ broken: false });
  });

  it.each([
    { what: 'nothing', content: '' },
    { what: 'half a file', content: text().slice(0, 80) },
    { what: 'null', content: 'null' },
    { what: 'a list', content: '[1]' },
    { what: 'another kind', content: text({ kind: 'cniCacheV2' }) },
    {
      what: 'a result of before the cache had kinds',
      content: JSON.stringify({ ips: [{ address: '10.1.0.7/24' }] }),
    },
    { what: 'no arguments', content: text({ cniArgs: undefined }) },
    {
      what: 'arguments that are no pairs',
      content: text({ cniArgs: ['K8S_POD_UID=x', ['K8S_POD_UID'], [['K8S_POD_UID'], 'x'], 7] }),
    },
    { what: 'a name without namespace', content: text({ cniArgs: [['K8S_POD_NAME', 'cart']] }) },
    {
      what: 'empty names',
      content: text({
        cniArgs: [
          ['K8S_POD_UID', ''],
          ['K8S_POD_NAMESPACE', ''],
          ['K8S_POD_NAME', 'x'],
        ],
      }),
    },
  ])('says that $what is broken', ({ content }) => {
    expect(parseCniResult(content)).toMatchObject({ broken: true });
  });

  it('takes anything without throwing, and holds nothing by it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (content) => {
        expect(parseCniResult(content)).toHaveProperty('skip');
      }),
    );
  });

  it('takes any JSON in any of its fields', () => {
    const anything = fc.jsonValue();
    const changes = fc.record(
      { cniArgs: anything, result: anything, ifName: fc.constantFrom('eth0', 'lo', 7) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(changes, (fields) => {
        expect(() => parseCniResult(text(fields))).not.toThrow();
      }),
    );
  });
});

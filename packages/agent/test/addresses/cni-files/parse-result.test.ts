import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { createCniResultReader, mayNameAddresses } from '../../../src/addresses/cni-files/parse-result.ts';

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

function read(content: string) {
  const reader = createCniResultReader();
  reader.read(Buffer.from(content));
  return reader.end();
}

/** Each byte takes six in the file: containerd's library writes `<` as \\u003c. */
function withAnnotation(value: string): string {
  const annotations = { 'io.kubernetes.cri.pod-annotations': { 'example.com/note': value } };
  return text({ capabilityArgs: annotations }).replaceAll('<', '\\u003c');
}

describe('CNI result', () => {
  it('A CNI result says which Pod owns which address', () => {
    expect(read(text())).toEqual({
      kind: 'result',
      result: { uid: 'uid-1', namespace: 'shop', name: 'cart', ips: ['10.1.0.7'] },
    });
  });

  it('A CNI result is read however large the annotations of its Pod are, as in N5 (b)', () => {
    const content = withAnnotation('<'.repeat(167_000));
    expect(content.length).toBeGreaterThan(1_000_000);
    expect(read(content)).toMatchObject({ kind: 'result', result: { uid: 'uid-1', ips: ['10.1.0.7'] } });
  });

  it('Annotations cannot forge the Pod or the addresses of a CNI result', () => {
    const forged = text({
      cniArgs: [['K8S_POD_UID', 'another']],
      result: { ips: [{ address: '10.1.0.8/24' }] },
    });
    for (const content of [withAnnotation(forged), withAnnotation(`"},${forged.slice(1)}`)])
      expect(read(content)).toMatchObject({ kind: 'result', result: { uid: 'uid-1', ips: ['10.1.0.7'] } });
    const nested = text({ capabilityArgs: JSON.parse(forged) as object });
    expect(read(nested)).toMatchObject({ kind: 'result', result: { uid: 'uid-1', ips: ['10.1.0.7'] } });
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
  ])(
    'All addresses of a CNI result of version $shape are read, in canonical form and once each',
    ({ result }) => {
      expect(read(text({ result }))).toMatchObject({ result: { ips: ['10.1.0.7', 'fd00::7'] } });
    },
  );

  it('A CNI result without a UID belongs to the Pod with its Namespace and name', () => {
    expect(read(text({ cniArgs: ARGS.slice(0, 3) }))).toEqual({
      kind: 'result',
      result: { namespace: 'shop', name: 'cart', ips: ['10.1.0.7'] },
    });
  });

  it.each([
    { what: 'no arguments', cniArgs: undefined },
    {
      what: 'arguments that are no pairs',
      cniArgs: ['K8S_POD_UID=x', ['K8S_POD_UID'], [['K8S_POD_UID'], 'x'], 7],
    },
    { what: 'a name without a namespace', cniArgs: [['K8S_POD_NAME', 'cart']] },
    {
      what: 'empty names',
      cniArgs: [
        ['K8S_POD_UID', ''],
        ['K8S_POD_NAMESPACE', ''],
        ['K8S_POD_NAME', 'x'],
      ],
    },
  ])('A CNI result with $what belongs to a container without a Pod', ({ cniArgs }) => {
    expect(read(text({ cniArgs }))).toEqual({
      kind: 'result',
      result: { namespace: '', name: '', ips: ['10.1.0.7'] },
    });
  });

  it.each([
    { what: 'no address', changes: { result: { ips: [] } } },
    { what: 'no result', changes: { result: null } },
  ])('A CNI result with $what gives its Pod no address', ({ changes }) => {
    expect(read(text(changes))).toMatchObject({ kind: 'result', result: { uid: 'uid-1', ips: [] } });
  });

  it.each(['lo', 'net1', '', 7])(
    'A CNI result of interface %j counts as one of another interface',
    (ifName) => {
      expect(read(text({ ifName }))).toEqual({ kind: 'other-interface' });
    },
  );

  it('Only a file whose name ends in -eth0 may name addresses', () => {
    const names = ['podnet-c0ffee-eth0', 'podnet-c0ffee-lo', 'podnet-c0ffee-eth01', 'eth0', '-eth0'];
    expect(names.map(mayNameAddresses)).toEqual([true, false, false, false, true]);
  });

  it.each([
    { what: 'null', content: 'null', fault: 'not a JSON object' },
    { what: 'a list', content: '[1]', fault: 'not a JSON object' },
    { what: 'two objects', content: `${text()}{}`, fault: 'not a JSON object' },
    { what: 'another kind', content: text({ kind: 'cniCacheV2' }), fault: 'the kind is not cniCacheV1' },
    {
      what: 'a result of before the cache had kinds',
      content: JSON.stringify({ ips: [{ address: '10.1.0.7/24' }] }),
      fault: 'the kind is not cniCacheV1',
    },
    {
      what: 'an address that is none',
      content: text({ result: { ips: [{ address: '10.1.0.7/24' }, { address: 'x/24' }] } }),
      fault: 'an address is invalid',
    },
    {
      what: 'an address that is no text',
      content: text({ result: { ips: [{ address: 7 }] } }),
      fault: 'an address is invalid',
    },
    {
      what: 'very many addresses',
      content: text({
        result: { ips: Array.from({ length: 65 }, (_, at) => ({ address: `10.1.0.${at}/24` })) },
      }),
      fault: 'more than 64 addresses',
    },
    {
      what: 'a very long name',
      content: text({ cniArgs: [['K8S_POD_UID', 'x'.repeat(254)]] }),
      fault: 'a name is too long',
    },
    {
      what: 'a very long result',
      content: text({ result: { dns: 'x'.repeat(300_000) } }),
      fault: 'the field result is too long',
    },
  ])('A file with $what is a broken CNI result', ({ content, fault }) => {
    expect(read(content)).toEqual({ kind: 'broken', fault, cutShort: false });
  });

  it('Every proper prefix of a CNI result is recognized as cut short', () => {
    const content = text();
    for (let length = 0; length < content.length; length += 1)
      expect(read(content.slice(0, length))).toEqual({
        kind: 'broken',
        fault: 'the file is truncated',
        cutShort: true,
      });
  });

  it('Arbitrary text is reported as broken without an exception', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (content) => {
        expect(read(content).kind).toBe('broken');
      }),
    );
  });

  it('Arbitrary JSON in any field of a CNI result causes no exception', () => {
    const anything = fc.jsonValue();
    const changes = fc.record(
      { cniArgs: anything, result: anything, ifName: fc.constantFrom('eth0', 'lo', 7) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(changes, (fields) => {
        expect(() => read(text(fields))).not.toThrow();
      }),
    );
  });
});

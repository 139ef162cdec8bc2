import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { lineOf } from '../../src/reconcile/messages.ts';
import type { ReconcileMessage } from '../../src/reconcile/messages.ts';
import { parseMessage } from '../../src/reconcile/parse-message.ts';
import { STATE } from './setup.ts';

const RESULT = {
  kind: 'result',
  file: '/var/lib/cni/results/x',
  uid: 'u',
  namespace: 'shop',
  name: 'cart',
  ips: ['10.1.0.7'],
  mtimeNs: '123',
};
const INTERCEPTION = { kind: 'interception', layers: {}, repairs: {}, packets: {} };

const messages: readonly ReconcileMessage[] = [
  { kind: 'hello', version: '0.1.0' },
  {
    kind: 'result',
    file: '/r/x',
    result: { uid: 'u', namespace: 'shop', name: 'cart', ips: ['10.1.0.7', 'fd00::7'] },
    lost: [],
    unreadable: false,
    mtimeNs: 1_790_000_000_123_456_789n,
    createdNs: 1_790_000_000_123_456_790n,
  },
  {
    kind: 'result',
    file: '/r/y',
    result: { namespace: 'shop', name: 'till', ips: [] },
    lost: ['10.1.0.7'],
    unreadable: false,
    mtimeNs: -1n,
    createdNs: undefined,
  },
  {
    kind: 'result',
    file: '/r/z',
    result: { namespace: 'shop', name: 'desk', ips: ['10.1.0.8'] },
    lost: ['fd00::8'],
    unreadable: true,
    mtimeNs: 0n,
    createdNs: 0n,
  },
  { kind: 'unreadable', file: '/r/z' },
  { kind: 'removed', file: '/r/x' },
  { kind: 'freed', file: '/r/x\n"' },
  { kind: 'returned', pod: 'shop/cart' },
  { kind: 'directories', states: { '/r': 'ok', '/s': 'missing', '/t': 'unreadable' } },
  { kind: 'synced' },
  { kind: 'interception', ...STATE },
  { kind: 'listeners', foreign: [{ address: 'fd00::10', port: 8181, uid: 65_532 }] },
  { kind: 'bad-results', count: 3 },
  { kind: 'alive' },
];

describe('Reconcile messages', () => {
  it.each(messages)(
    'A message of kind $kind is written on one line, and read as it was written',
    (message) => {
      const line = lineOf(message);
      expect(line.indexOf('\n')).toBe(line.length - 1);
      expect(parseMessage(line.slice(0, -1))).toEqual(message);
    },
  );

  it('A message as in the contract is read as it stands there', () => {
    expect(parseMessage(JSON.stringify(RESULT))).toEqual({
      kind: 'result',
      file: '/var/lib/cni/results/x',
      result: { uid: 'u', namespace: 'shop', name: 'cart', ips: ['10.1.0.7'] },
      lost: [],
      unreadable: false,
      mtimeNs: 123n,
      createdNs: undefined,
    });
    const packets = { nat: 3, filter: 0, input: 3 };
    expect(parseMessage(JSON.stringify({ ...INTERCEPTION, layers: { nat: true }, packets }))).toEqual({
      kind: 'interception',
      backend: '',
      layers: { nat: true },
      repairs: { nat: 0, filter: 0, route: 0, input: 0, ports: 0, link: 0 },
      packets: { nat: 3, filter: 0, route: 0, input: 3, ports: 0 },
      refusedConnections: 0,
      foreignRules: 0,
      unmatchedInterfaces: 0,
    });
  });

  it('A message of a newer reconcile is read as far as it is known', () => {
    expect(parseMessage('{"kind":"weather","sun":true}')).toEqual({ kind: 'unknown' });
    expect(parseMessage('{"kind":"synced","since":1}')).toEqual({ kind: 'synced' });
    const layers = { nat: true, ebpf: 'yes' };
    expect(parseMessage(JSON.stringify({ ...INTERCEPTION, layers }))).toMatchObject({
      layers: { nat: true },
    });
    expect(parseMessage('{"kind":"directories","states":{"/r":"remote"}}')).toMatchObject({
      states: { '/r': 'unreadable' },
    });
  });

  it('A message of 0.1.0 has no refused connections, and does not say whether connections are limited', () => {
    const { backend, layers, repairs, packets, foreignRules, unmatchedInterfaces } = STATE;
    const old = { backend, layers, repairs, packets, foreignRules, unmatchedInterfaces };
    expect(parseMessage(JSON.stringify({ kind: 'interception', ...old }))).toEqual({
      kind: 'interception',
      ...old,
      refusedConnections: 0,
    });
  });

  it('Addresses in a message are read in canonical form', () => {
    const ips = ['::FFFF:10.1.0.7', 'FD00:0::7'];
    expect(parseMessage(JSON.stringify({ ...RESULT, ips }))).toMatchObject({
      result: { ips: ['10.1.0.7', 'fd00::7'] },
    });
  });

  it.each([
    '{"kind":"bad-results","count":-1}',
    '{"kind":"listeners"}',
    '{"kind":"listeners","foreign":[{"address":"::","port":-1,"uid":0}]}',
    '',
    'x',
    '{"kind":"alive"',
    'null',
    '7',
    '[]',
    '"alive"',
    '{}',
    '{"kind":7}',
    '{"kind":null}',
    '{"kind":"hello"}',
    '{"kind":"removed"}',
    '{"kind":"freed","file":""}',
    '{"kind":"returned"}',
    '{"kind":"directories"}',
    '{"kind":"directories","states":[]}',
    '{"kind":"directories","states":{"/r":1}}',
    JSON.stringify({ ...RESULT, file: 1 }),
    JSON.stringify({ ...RESULT, uid: '' }),
    JSON.stringify({ ...RESULT, uid: undefined, name: '' }),
    JSON.stringify({ ...RESULT, ips: '10.1.0.7' }),
    JSON.stringify({ ...RESULT, ips: ['10.1.0.7', 'x'] }),
    JSON.stringify({ ...RESULT, ips: [7] }),
    JSON.stringify({ ...RESULT, lost: 'x' }),
    JSON.stringify({ ...RESULT, lost: ['x'] }),
    JSON.stringify({ ...RESULT, unreadable: true }),
    JSON.stringify({ ...RESULT, createdNs: 123 }),
    JSON.stringify({ ...RESULT, createdNs: '' }),
    '{"kind":"unreadable"}',
    JSON.stringify({ ...RESULT, mtimeNs: 123 }),
    JSON.stringify({ ...RESULT, mtimeNs: '1e3' }),
    JSON.stringify({ ...RESULT, mtimeNs: '9'.repeat(400) }),
    JSON.stringify({ ...INTERCEPTION, layers: undefined }),
    JSON.stringify({ ...INTERCEPTION, layers: { nat: 'true' } }),
    JSON.stringify({ ...INTERCEPTION, repairs: { nat: -1 } }),
    JSON.stringify({ ...INTERCEPTION, packets: { nat: 1.5 } }),
    JSON.stringify({ ...INTERCEPTION, foreignRules: '1' }),
    JSON.stringify({ ...INTERCEPTION, refusedConnections: -1 }),
    JSON.stringify({ ...INTERCEPTION, connectionsLimited: 1 }),
    JSON.stringify({ ...INTERCEPTION, backend: 7 }),
  ])('The line "%s" is broken', (line) => {
    expect(parseMessage(line)).toBeUndefined();
  });

  it('Arbitrary messages cause no exception', () => {
    const kinds = fc.constantFrom('result', 'interception', 'directories', 'hello', '__proto__', 'toString');
    const fields = fc.constantFrom(...Object.keys(RESULT), ...Object.keys(STATE), 'states', '__proto__');
    const near = fc
      .tuple(kinds, fc.dictionary(fields, fc.jsonValue()))
      .map(([kind, rest]) => JSON.stringify({ ...RESULT, ...INTERCEPTION, ...rest, kind }));
    const line = fc.oneof(near, fc.json(), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(line, (text) => {
        const parsed = parseMessage(text);
        if (parsed?.kind === 'result') expect(typeof parsed.mtimeNs).toBe('bigint');
      }),
      { numRuns: 300 },
    );
  });
});

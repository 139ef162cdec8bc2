import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { pickNamespace, pickPod, pickServiceAccount } from '../../../src/kubernetes/objects/objects.ts';
import type { Pod } from '../../../src/kubernetes/objects/objects.ts';

function setup(parts: { metadata?: object; spec?: object; status?: object } = {}): Pod {
  const picked = pickPod({
    kind: 'Pod',
    metadata: { uid: 'u1', name: 'app', namespace: 'team-a', resourceVersion: '7', ...parts.metadata },
    spec: { nodeName: 'node-1', serviceAccountName: 'runner', containers: [{ name: 'c' }], ...parts.spec },
    status: { phase: 'Running', podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }], ...parts.status },
  });
  if ('fault' in picked) throw new Error(picked.fault);
  return picked.object;
}

describe('Pod', () => {
  it('A Pod keeps only the fields that are used', () => {
    expect(setup({ metadata: { labels: { app: 'x' }, managedFields: [{}] } })).toEqual({
      uid: 'u1',
      name: 'app',
      namespace: 'team-a',
      resourceVersion: '7',
      annotations: {},
      nodeName: 'node-1',
      serviceAccount: 'runner',
      ips: ['10.0.0.1'],
      hostNetwork: false,
      ended: false,
      terminating: false,
      staticPod: false,
      runtimeUid: '',
      daemonSet: '',
    });
  });

  it.each([
    { of: 'a Pod that is not bound', parts: { spec: { nodeName: undefined } }, expected: { nodeName: '' } },
    {
      of: 'no ServiceAccount',
      parts: { spec: { serviceAccountName: undefined } },
      expected: { serviceAccount: 'default' },
    },
    {
      of: 'an empty ServiceAccount',
      parts: { spec: { serviceAccountName: '' } },
      expected: { serviceAccount: 'default' },
    },
    { of: 'the host network', parts: { spec: { hostNetwork: true } }, expected: { hostNetwork: true } },
    {
      of: 'a host network that is no boolean',
      parts: { spec: { hostNetwork: 'true' } },
      expected: { hostNetwork: false },
    },
    { of: 'phase Succeeded', parts: { status: { phase: 'Succeeded' } }, expected: { ended: true } },
    { of: 'phase Failed', parts: { status: { phase: 'Failed' } }, expected: { ended: true } },
    { of: 'phase Unknown', parts: { status: { phase: 'Unknown' } }, expected: { ended: false } },
    {
      of: 'a deletion',
      parts: { metadata: { deletionTimestamp: '2026-11-23T07:00:00Z' } },
      expected: { terminating: true },
    },
    {
      of: 'no status',
      parts: { status: { phase: undefined, podIP: undefined, podIPs: undefined } },
      expected: { ips: [] },
    },
    {
      of: 'two families',
      parts: { status: { podIPs: [{ ip: '10.0.0.1' }, { ip: 'FD00:0::1' }] } },
      expected: { ips: ['10.0.0.1', 'fd00::1'] },
    },
    { of: 'podIP alone', parts: { status: { podIPs: undefined } }, expected: { ips: ['10.0.0.1'] } },
    {
      of: 'addresses that are none',
      parts: { status: { podIP: '', podIPs: [{ ip: '10.0.0' }, null, 'x', {}, { ip: '::ffff:10.0.0.2' }] } },
      expected: { ips: ['10.0.0.2'] },
    },
    {
      of: 'a static Pod',
      parts: {
        metadata: { annotations: { 'kubernetes.io/config.mirror': 'h', 'kubernetes.io/config.hash': 'abc' } },
      },
      expected: { staticPod: true, runtimeUid: 'abc', annotations: {} },
    },
    {
      of: 'a Pod of a DaemonSet',
      parts: {
        metadata: {
          ownerReferences: [
            { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'an owner only' },
            { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'agent', controller: true },
          ],
        },
      },
      expected: { daemonSet: 'agent' },
    },
    {
      of: 'a Pod of what others call a DaemonSet',
      parts: {
        metadata: {
          ownerReferences: [{ apiVersion: 'x.example/v1', kind: 'DaemonSet', name: 'x', controller: true }],
        },
      },
      expected: { daemonSet: '' },
    },
    {
      of: 'owners that are none',
      parts: { metadata: { ownerReferences: [null, 7, { controller: true }] } },
      expected: { daemonSet: '' },
    },
    {
      of: 'a hash without a mirror',
      parts: { metadata: { annotations: { 'kubernetes.io/config.hash': 'abc' } } },
      expected: { staticPod: false, runtimeUid: '' },
    },
    {
      of: 'annotations of others',
      parts: {
        metadata: {
          annotations: {
            'iam.amazonaws.com/role': 'app',
            'rolegate.dev/metadata': '',
            'iam.amazonaws.com.evil/role': 'x',
            'rolegate.dev': 'x',
            'iam.amazonaws.com/number': 5,
          },
        },
      },
      expected: { annotations: { 'iam.amazonaws.com/role': 'app', 'rolegate.dev/metadata': '' } },
    },
  ])('A Pod is read correctly in the case of $of', ({ parts, expected }) => {
    expect(setup(parts)).toMatchObject(expected);
  });

  it('An odd annotation value is kept unchanged, for the policy to judge', () => {
    const role = `${'r'.repeat(2045)}é\u0000`;
    expect(setup({ metadata: { annotations: { 'iam.amazonaws.com/role': role } } }).annotations).toEqual({
      'iam.amazonaws.com/role': role,
    });
  });

  it.each([
    { key: 'iam.amazonaws.com/role', limitBytes: 2048 },
    { key: 'rolegate.dev/metadata', limitBytes: 2048 },
    { key: 'rolegate.dev/session-tags', limitBytes: 16_384 },
  ])(
    'The value of $key is kept up to $limitBytes bytes, and only the length of a longer one',
    ({ key, limitBytes }) => {
      const read = (value: unknown) =>
        setup({ metadata: { annotations: { [key]: value } } }).annotations[key];
      expect(read('é'.repeat(limitBytes / 2))).toBe('é'.repeat(limitBytes / 2));
      const tooLong = { tooLongBytes: limitBytes + 2, limitBytes };
      expect(read('é'.repeat(limitBytes / 2 + 1))).toEqual(tooLong);
      expect(read({ tooLong: limitBytes + 2 })).toEqual(tooLong);
    },
  );

  it('A Pod keeps no annotation that belongs on a Namespace', () => {
    expect(setup({ metadata: { annotations: { 'iam.amazonaws.com/permitted': '.*' } } }).annotations).toEqual(
      {},
    );
  });

  it('Less than 1 kB is kept of a Pod of 5 kB', () => {
    const annotations = {
      'iam.amazonaws.com/role': 'app',
      'kubectl.kubernetes.io/last-applied-configuration': 'x'.repeat(5000),
    };
    expect(JSON.stringify(setup({ metadata: { annotations } })).length).toBeLessThan(1000);
  });
});

describe.each([
  { name: 'pickPod', pick: pickPod, metadata: { uid: 'u', name: 'n', namespace: 's', resourceVersion: '1' } },
  { name: 'pickNamespace', pick: pickNamespace, metadata: { uid: 'u', name: 'n', resourceVersion: '1' } },
  {
    name: 'pickServiceAccount',
    pick: pickServiceAccount,
    metadata: { uid: 'u', name: 'n', namespace: 's', resourceVersion: '1' },
  },
])('$name', ({ pick, metadata }) => {
  it('An object with metadata alone is read', () => {
    expect(pick({ metadata })).toMatchObject({ object: { ...metadata, annotations: {} } });
  });

  it.each(Object.keys(metadata))('A missing or malformed %s is named as the fault', (field) => {
    expect(pick({ metadata: { ...metadata, [field]: undefined } })).toEqual({ fault: `it has no ${field}` });
    expect(pick({ metadata: { ...metadata, [field]: { odd: true } } })).toEqual({
      fault: `it has no ${field}`,
    });
  });

  it.each([
    { raw: null },
    { raw: undefined },
    { raw: 7 },
    { raw: 'x' },
    { raw: [] },
    { raw: { metadata: null } },
    { raw: { metadata: 'x' } },
  ])('The value $raw is rejected because it has no uid', ({ raw }) => {
    expect(pick(raw)).toEqual({ fault: 'it has no uid' });
  });

  it('Reading an object never throws, whatever is in its fields', () => {
    const odd = { annotations: fc.anything(), deletionTimestamp: fc.anything() };
    const object = fc.record({
      metadata: fc.record(odd).map((more) => ({ ...metadata, ...more })),
      spec: fc.oneof(fc.anything(), fc.record({ nodeName: fc.anything(), hostNetwork: fc.anything() })),
      status: fc.oneof(
        fc.anything(),
        fc.record({ podIP: fc.anything(), podIPs: fc.anything(), phase: fc.anything() }),
      ),
    });
    fc.assert(
      fc.property(object, (raw) => {
        expect(pick(raw)).toHaveProperty('object');
      }),
    );
  });
});

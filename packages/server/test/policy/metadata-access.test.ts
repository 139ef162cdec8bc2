import { describe, expect, it } from 'vitest';
import { metadataGroups } from '@rolegate/protocol';
import { METADATA, ROLE, decide } from './setup.ts';

describe('rolegate.dev/metadata', () => {
  it.each([
    { pod: undefined, namespace: undefined, metadata: { denied: false } },
    { pod: 'placement', namespace: undefined, metadata: { denied: false, only: ['placement'] } },
    {
      pod: undefined,
      namespace: 'placement, tags',
      metadata: { denied: false, only: ['placement', 'tags'] },
    },
    { pod: 'tags,network', namespace: 'placement,tags', metadata: { denied: false, only: ['tags'] } },
    { pod: 'network', namespace: 'placement', metadata: { denied: false, only: [] } },
    { pod: 'tags,tags', namespace: undefined, metadata: { denied: false, only: ['tags'] } },
    { pod: 'deny', namespace: undefined, metadata: { denied: true } },
    { pod: undefined, namespace: 'deny', metadata: { denied: true } },
    { pod: 'placement', namespace: 'deny', metadata: { denied: true, only: ['placement'] } },
    { pod: 'placement,deny', namespace: undefined, metadata: { denied: true } },
    { pod: '', namespace: undefined, metadata: { denied: false } },
    { pod: 'tags\n', namespace: ' \n', metadata: { denied: false, only: ['tags'] } },
    { pod: undefined, namespace: 'deny\n', metadata: { denied: true } },
    { pod: 'Placement', namespace: undefined, metadata: { denied: true } },
    { pod: 'placement,', namespace: undefined, metadata: { denied: true } },
    { pod: 'allow', namespace: undefined, metadata: { denied: true } },
    { pod: undefined, namespace: 'user-data', metadata: { denied: true } },
  ])(
    'The value "$pod" on a Pod and "$namespace" on its Namespace give $metadata',
    ({ pod, namespace, metadata }) => {
      const verdict = decide({
        annotations: pod === undefined ? {} : { [METADATA]: pod },
        namespace: namespace === undefined ? {} : { [METADATA]: namespace },
      });
      expect(verdict.metadata).toEqual(metadata);
    },
  );

  it('The annotation accepts every group that agents know, and the verdict lists them', () => {
    const { metadata } = decide({ annotations: { [METADATA]: metadataGroups.join(',') } });
    expect(metadata).toEqual({
      denied: false,
      only: ['placement', 'identity-document', 'instance', 'network', 'tags'],
    });
  });

  it('An annotation with groups does not affect the role', () => {
    const { decision } = decide({
      annotations: { [ROLE]: 'reader', [METADATA]: 'tags' },
      namespace: { 'iam.amazonaws.com/permitted': 'reader' },
    });
    expect(decision.kind).toBe('allow');
  });

  it('The denial says whose annotation closed the metadata API and how', () => {
    const { decision } = decide({ annotations: { [METADATA]: 'all' } });
    expect(decision).toMatchObject({
      reason: 'MetadataDenied',
      message: expect.stringMatching(
        /^rolegate.dev\/metadata of Pod team-a\/web-0 has the unknown word "all", which/,
      ),
    });
    expect(decide({ namespace: { [METADATA]: 'deny' } }).decision).toMatchObject({
      message: 'rolegate.dev/metadata of Namespace team-a is deny',
    });
  });
});

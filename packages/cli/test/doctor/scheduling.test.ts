import { describe, expect, it } from 'vitest';
import type { V1DaemonSet, V1Node } from '../../src/answers/objects.ts';
import { excludedBy, outsideOf, schedulingLabels } from '../../src/doctor/scheduling.ts';

type Labels = Readonly<Record<string, string>>;
type PodSpec = NonNullable<NonNullable<V1DaemonSet['spec']>['template']['spec']>;

function nodeWith(labels: Labels, taints: NonNullable<V1Node['spec']>['taints'] = []): V1Node {
  return { metadata: { name: 'node-a', labels }, spec: { taints } };
}

function daemonSetWith(pod: Partial<PodSpec>): V1DaemonSet {
  return {
    metadata: { namespace: 'rolegate', name: 'agent' },
    spec: { selector: {}, template: { spec: { containers: [], ...pod } } },
  };
}

/** Required node affinity with one term. */
function wants(
  ...matchExpressions: { key: string; operator: string; values?: string[] }[]
): Partial<PodSpec> {
  return {
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] },
      },
    },
  };
}

const NOT_FARGATE = { key: 'eks.amazonaws.com/compute-type', operator: 'NotIn', values: ['fargate'] };
const GPU = { key: 'gpu', value: 'a100', effect: 'NoSchedule' };

describe('Why a node has no agent', () => {
  it.each([
    {
      name: 'a Fargate node',
      labels: { 'eks.amazonaws.com/compute-type': 'fargate' },
      why: 'it is a Fargate node',
    },
    { name: 'a virtual kubelet', labels: { type: 'virtual-kubelet' }, why: 'it is a virtual node' },
    {
      name: 'a virtual node of Liqo',
      labels: { 'liqo.io/type': 'virtual-node' },
      why: 'it is a virtual node',
    },
    {
      name: 'a Windows node',
      labels: { 'kubernetes.io/os': 'windows' },
      why: 'its operating system is windows',
    },
    { name: 'a Linux node', labels: { 'kubernetes.io/os': 'linux', type: 'spot' }, why: undefined },
  ])('on $name no agent can run: $why', ({ labels, why }) => {
    expect(outsideOf(nodeWith(labels))).toBe(why);
  });

  it.each([
    {
      name: 'a nodeSelector',
      pod: { nodeSelector: { pool: 'iam' } },
      why: 'its nodeSelector wants the label pool=iam',
    },
    {
      name: 'an affinity',
      pod: wants({ key: 'pool', operator: 'In', values: ['iam', 'web'] }),
      why: 'its affinity wants pool In iam,web',
    },
    {
      name: 'a label that must be there',
      pod: wants({ key: 'iam', operator: 'Exists' }),
      why: 'its affinity wants iam Exists',
    },
    {
      name: 'a label that must not be there',
      pod: wants({ key: 'pool', operator: 'DoesNotExist' }),
      why: 'its affinity wants pool DoesNotExist',
    },
    {
      name: 'a taint',
      pod: { tolerations: [{ key: 'other', operator: 'Exists' }] },
      why: 'it does not tolerate the taint gpu:NoSchedule',
    },
    {
      name: 'the value of a taint',
      pod: { tolerations: [{ key: 'gpu', value: 't4' }] },
      why: 'it does not tolerate the taint gpu:NoSchedule',
    },
    {
      name: 'the effect of a taint',
      pod: { tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'NoExecute' }] },
      why: 'it does not tolerate the taint gpu:NoSchedule',
    },
  ])('is $name of the DaemonSet', ({ pod, why }) => {
    const node = nodeWith({ pool: 'batch' }, [GPU]);
    expect(excludedBy(node, [daemonSetWith(pod)])).toBe(`DaemonSet rolegate/agent: ${why}`);
  });

  it.each([
    { name: 'tolerates all taints', pod: { tolerations: [{ operator: 'Exists' }] } },
    { name: 'tolerates the value', pod: { tolerations: [{ key: 'gpu', operator: 'Equal', value: 'a100' }] } },
    { name: 'excludes only Fargate', pod: { ...wants(NOT_FARGATE), tolerations: [{ operator: 'Exists' }] } },
  ])('is unknown if the DaemonSet $name', ({ pod }) => {
    expect(excludedBy(nodeWith({ pool: 'batch' }, [GPU]), [daemonSetWith(pod)])).toBeUndefined();
  });

  it('is not a taint that the DaemonSet controller tolerates by itself, or one that only discourages', () => {
    const taints = [
      { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' },
      { key: 'gpu', effect: 'PreferNoSchedule' },
    ];
    expect(excludedBy(nodeWith({}, taints), [daemonSetWith({})])).toBeUndefined();
  });

  it('is unknown if one of several DaemonSets should run there', () => {
    const both = [daemonSetWith({ nodeSelector: { pool: 'iam' } }), daemonSetWith({})];
    expect(excludedBy(nodeWith({}), both)).toBeUndefined();
  });

  it('depends on the labels that DaemonSets select by, and on those of foreign nodes', () => {
    const labels = schedulingLabels([
      daemonSetWith({ nodeSelector: { pool: 'iam' }, ...wants({ key: 'zone', operator: 'Exists' }) }),
    ]);
    expect([...labels]).toEqual([
      'eks.amazonaws.com/compute-type',
      'liqo.io/type',
      'type',
      'kubernetes.io/os',
      'pool',
      'zone',
    ]);
  });
});

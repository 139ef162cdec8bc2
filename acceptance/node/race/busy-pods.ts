import type { Kubectl } from '../kubectl.ts';
import { PERMITTED_NAMESPACE, podOf } from '../test-pods.ts';

/** Quality of service of Pods that use all CPU time they get. */
export type BusyClass = 'BestEffort' | 'Burstable';

/** Beside 50 of them, a node of two cores has room for the charts' Pods, also during an upgrade. */
const REQUEST = { cpu: '20m' };
/** They start while others already take all CPU time. */
const RUNNING_WITHIN_S = 240;

export interface BusyDeps {
  readonly kubectl: Kubectl;
  readonly node: { readonly name: string };
}

export function createBusyPods({ kubectl, node }: BusyDeps) {
  const remove = () =>
    kubectl.remove('-n', PERMITTED_NAMESPACE, 'pods', '-l', 'app=busy', '--grace-period=0', '--force');
  return {
    /** Returns when all are running. */
    async start(count: number, qos: BusyClass): Promise<void> {
      const names = Array.from({ length: count }, (_, number) => `busy-${number}`);
      await kubectl.apply(names.map((name) => busyPod(name, qos, node.name)));
      const all = names.map((name) => `pod/${name}`);
      await kubectl.waitFor('condition=Ready', ['-n', PERMITTED_NAMESPACE, ...all], RUNNING_WITHIN_S);
    },
    remove,
  };
}

function busyPod(name: string, qos: BusyClass, node: string) {
  return podOf(
    {
      namespace: PERMITTED_NAMESPACE,
      name,
      app: 'busy',
      command: ['sh', '-c', 'while :; do :; done'],
      container: qos === 'Burstable' ? { resources: { requests: REQUEST } } : {},
    },
    { node, stsEndpoint: '' },
  );
}

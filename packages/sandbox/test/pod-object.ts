import type { Pod } from '../../server/src/kubernetes/objects/objects.ts';

/** A running Pod shop/`name` on node-a, with the UID `uid-<name>` and no annotations, as the fields change it. */
export function podObject(name: string, fields: Partial<Pod> & Pick<Pod, 'resourceVersion'>): Pod {
  return {
    uid: `uid-${name}`,
    name,
    namespace: 'shop',
    annotations: {},
    nodeName: 'node-a',
    serviceAccount: 'default',
    ips: [],
    hostNetwork: false,
    ended: false,
    terminating: false,
    staticPod: false,
    runtimeUid: '',
    daemonSet: '',
    ...fields,
  };
}

import type { Pod } from '../../server/src/kubernetes/objects/objects.ts';

/** A running Pod shop/`name` on node-a with UID `uid-<name>` and no annotations, changed by `fields`. */
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

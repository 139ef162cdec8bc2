import { integer, ipAddress, list, logFlags, path, setting } from '@rolegate/runtime';

/** The groups under which help and docs show the flags. */
export const NODE = 'Node';
export const METADATA = 'Metadata API';
export const OPERATION = 'Operation';

/** Flags that several of the agent's programs have, with one meaning. */
export const sharedFlags = {
  'host-ip': list(ipAddress, {
    group: NODE,
    env: ['HOST_IP'],
    separator: 'comma',
    help: "the node's internal address, one per family: the only ones on which Pods are served",
    hint: 'set it from status.hostIP by the downward API',
  }),
  'cni-cache-dir': list(path('DIR'), {
    group: NODE,
    separator: 'comma',
    fallback: ['/var/lib/cni/results', '/var/lib/cni/cache/results'],
    help: 'where the container runtime writes which Pod holds which IP',
  }),
  port: setting(integer({ min: 0, max: 65_535 }), {
    group: METADATA,
    fallback: '8181',
    help: 'port on --host-ip on which Pods are served',
  }),
  ...logFlags(OPERATION),
};

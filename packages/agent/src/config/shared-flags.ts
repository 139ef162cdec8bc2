import { integer, ipAddress, list, logFlags, path, setting, toggle } from '@rolegate/runtime';

/** The groups under which help and docs show the flags. */
export const NODE = 'Node';
export const METADATA = 'Metadata API';
export const CONTAINER_CREDENTIALS = 'Container credentials';
export const OPERATION = 'Operation';

/** Flags shared by several of the agent's programs. */
export const sharedFlags = {
  'host-ip': list(ipAddress, {
    group: NODE,
    env: ['HOST_IP'],
    separator: 'comma',
    help: "the node's internal address, one per family; Pods reach the agent only there",
    hint: 'set it from status.hostIP with the downward API',
  }),
  'cni-cache-dir': list(path('DIR'), {
    group: NODE,
    separator: 'comma',
    fallback: ['/var/lib/cni/results', '/var/lib/cni/cache/results'],
    help: 'directories in which the container runtime records which Pod owns which IP (CNI results)',
  }),
  port: setting(integer({ min: 0, max: 65_535 }), {
    group: METADATA,
    fallback: '8181',
    help: 'port on --host-ip for requests from Pods',
  }),
  'container-credentials': toggle({
    group: CONTAINER_CREDENTIALS,
    help: 'also serve credentials to Pods that prove themselves by a ServiceAccount token, on 169.254.170.23 and fd00:ec2::23, port 8182',
  }),
  ...logFlags(OPERATION),
};

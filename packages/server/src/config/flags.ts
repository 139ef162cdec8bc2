import { listenAddress, logFlags, optional, path, setting, text } from '@rolegate/runtime';
import { agentsFlags } from './agent-flags.ts';
import { rolesFlags } from './role-flags.ts';
import { stsFlags } from './sts-flags.ts';
import { STATUS_SOCKET } from './status-socket.ts';

const CLUSTER = 'Cluster';
const OPERATION = 'Operation';

/** Every flag of the server (DESIGN.md 4.7). */
export const serverFlags = {
  ...agentsFlags,
  ...rolesFlags,
  ...stsFlags,
  kubeconfig: optional(path(), {
    group: CLUSTER,
    help: 'kubeconfig for the API server; without it the ServiceAccount of the Pod',
  }),
  'cluster-name': optional(text('NAME'), { group: CLUSTER, help: 'what {cluster} stands for in templates' }),
  'prometheus-listen-addr': setting(listenAddress, {
    group: OPERATION,
    fallback: '0.0.0.0:9620',
    help: 'address of /metrics, /livez and /readyz',
  }),
  'probe-bind': setting(listenAddress, {
    group: OPERATION,
    fallback: '0.0.0.0:9622',
    help: "address of /livez and /readyz for kubelet's probes, with limits of its own; nobody else needs to reach it",
  }),
  'status-socket': optional(path('SOCKET'), {
    group: OPERATION,
    help: `unix socket for rolegate-server status and log-level; without it ${STATUS_SOCKET}, where that can be made`,
  }),
  ...logFlags(OPERATION),
};

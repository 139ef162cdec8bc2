import { listenAddress, logFlags, optional, path, setting, text } from '@rolegate/runtime';
import { agentsFlags } from './agent-flags.ts';
import { containerCredentialsFlags } from './container-credentials-flags.ts';
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
  ...containerCredentialsFlags,
  kubeconfig: optional(path(), {
    group: CLUSTER,
    help: "kubeconfig for the API server; defaults to the Pod's ServiceAccount",
  }),
  'cluster-name': optional(text('NAME'), { group: CLUSTER, help: 'value of {cluster} in templates' }),
  'prometheus-listen-addr': setting(listenAddress, {
    group: OPERATION,
    fallback: '0.0.0.0:9620',
    help: 'listen address for /metrics, /livez and /readyz',
  }),
  'probe-bind': setting(listenAddress, {
    group: OPERATION,
    fallback: '0.0.0.0:9622',
    help:
      "listen address for the kubelet's probes, /livez and /readyz, with separate connection limits; " +
      'only the kubelet needs to reach it',
  }),
  'status-socket': optional(path('SOCKET'), {
    group: OPERATION,
    help: `unix socket for rolegate-server status and log-level; defaults to ${STATUS_SOCKET} if it can be created`,
  }),
  ...logFlags(OPERATION),
};

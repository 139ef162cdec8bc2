import { faultOf } from '../../answers/answer.ts';
import type { Cluster } from '../cluster.ts';
import { isMissingRight } from '../../cluster/cluster-error.ts';
import type { CheckName, Finding } from '../finding.ts';

/** What is not checked if something cannot be read. */
const NEEDED: Readonly<Record<Readable, { readonly what: string; readonly checks: readonly CheckName[] }>> = {
  nodes: { what: 'nodes', checks: ['agents'] },
  daemonSets: { what: 'DaemonSets', checks: ['agents', 'leftovers', 'pod-security'] },
  pods: { what: 'the Pods of agents and servers', checks: ['agents', 'probes', 'ports'] },
  systemPods: { what: 'the Pods of kube-system', checks: ['ports', 'leftovers', 'kube-proxy'] },
  namespaces: { what: 'Namespaces', checks: ['pod-security'] },
  kubeProxyConfig: { what: "kube-proxy's ConfigMap", checks: ['kube-proxy'] },
  status: {
    what: 'the status of agents and servers',
    checks: [
      'rules',
      'imdsv1',
      'addresses',
      'container-credentials',
      'certificates',
      'clock',
      'server',
      'sts',
      'versions',
      'ports',
    ],
  },
  logs: { what: 'the logs of agents', checks: ['rules', 'leftovers'] },
};

type Readable =
  'nodes' | 'daemonSets' | 'pods' | 'systemPods' | 'namespaces' | 'kubeProxyConfig' | 'status' | 'logs';

/** Why each thing that could not be read was not. */
export function unread(cluster: Cluster): readonly { readonly readable: Readable; readonly fault: string }[] {
  return (Object.keys(NEEDED) as Readable[]).flatMap((readable) => {
    const fault = faultOf(cluster[readable]);
    return fault === undefined ? [] : [{ readable, fault }];
  });
}

/** What could not be read, and what is not checked therefore: nothing is said to be well that was not looked at. */
export function checkRights(cluster: Cluster): readonly Finding[] {
  return unread(cluster).map(({ readable, fault }) => {
    const { what, checks } = NEEDED[readable];
    return {
      severity: 'warning',
      check: 'rights',
      node: undefined,
      what: `${what} cannot be read; not checked in full: ${checks.join(', ')}`,
      evidence: fault,
      fix: isMissingRight(fault)
        ? 'bind the roles of deploy/kubectl-rolegate/doctor.yaml to yourself'
        : 'try again, and see whether kubectl can read them',
    };
  });
}

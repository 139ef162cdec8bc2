import type { V1Pod } from '../../answers/objects.ts';
import { valueOf } from '../../answers/answer.ts';
import { allPods } from '../cluster.ts';
import type { Cluster } from '../cluster.ts';
import type { Finding } from '../finding.ts';

const BY_FLAG = /^--proxy-mode=(.+)$/;
/** Of a KubeProxyConfiguration, in YAML. */
const BY_CONFIG = /^\s*mode:\s*["']?([a-z]+)["']?\s*$/m;
/** These take what is sent to a Service's externalIPs before the rules of iptables. */
const TAKING = ['ipvs', 'nftables'];

/** In some modes of kube-proxy a Service with externalIPs can take the metadata address (docs/threat-model.md). */
export function checkKubeProxy(cluster: Cluster): readonly Finding[] {
  const mode = modeByFlag(allPods(cluster)) ?? BY_CONFIG.exec(valueOf(cluster.kubeProxyConfig) ?? '')?.[1];
  if (mode === undefined || !TAKING.includes(mode)) return [];
  return [
    {
      severity: 'warning',
      check: 'kube-proxy',
      node: undefined,
      what: `kube-proxy runs in mode ${mode}: a Service with externalIPs can take the metadata address`,
      evidence: 'arguments or ConfigMap of kube-proxy in kube-system',
      fix: 'enable the admission plugin DenyServiceExternalIPs: otherwise whoever may create Services can do that',
    },
  ];
}

function modeByFlag(pods: readonly V1Pod[]): string | undefined {
  const containers = pods
    .filter(({ metadata }) => metadata?.labels?.['k8s-app'] === 'kube-proxy')
    .flatMap(({ spec }) => spec?.containers ?? []);
  const words = containers.flatMap(({ command = [], args = [] }) => [...command, ...args]);
  return words.flatMap((word) => BY_FLAG.exec(word)?.[1] ?? [])[0];
}

import { fileURLToPath } from 'node:url';
import { outputOf } from '@rolegate/testing';
import type { Kubectl } from '../kubectl.ts';
import { containerOf } from '../node-pods.ts';
import { namespaceOf, podOf } from '../test-pods.ts';
import { BILLING, REPORTS } from './old-clusters.ts';
import type { OldCluster } from './old-clusters.ts';

/** Labels and annotations of nodes during a move begin with it. */
const OURS = 'rolegate.dev/';
/** Of the scripts of the plan. */
const LABEL = `${OURS}agent`;
const ANNOTATION = `${OURS}old-agent`;
/** No system gives it its role. */
const REFUSED = { namespace: REPORTS, pod: 'nightly', role: 'nightly' };
/** Its Pod has no annotation. */
const BARE = 'shell';

/** Deletes all rules for the metadata API but Rolegate's. */
const DELETE_RULES =
  "iptables-save -t nat | sed -n '/169.254.169.254/{/ROLEGATE/d;s/^-A/iptables -w -t nat -D/p}' | sh -e";
const RULES_POD = 'delete-rules';

export interface OldSystemDeps {
  readonly kubectl: Kubectl;
  readonly kubeconfig: string;
  readonly node: string;
  readonly stsEndpoint: string;
}

/** kiam or kube2iam, as its chart installs it, with a stand-in for its program. */
export function createOldSystem(cluster: OldCluster, deps: OldSystemDeps) {
  const { kubectl, kubeconfig, node } = deps;
  const { system, values } = cluster;
  const chart = fileURLToPath(new URL(system, import.meta.url));
  const helm = (args: readonly string[], input = '') =>
    outputOf(['helm', '--kubeconfig', kubeconfig, '--namespace', system, ...args], {
      env: process.env,
      input,
      timeoutMs: 90_000,
    });
  const agents = createAgents(cluster, kubectl);
  let installedSpec = '';

  return {
    cluster,
    /** With Namespaces, and Pods that each have a ServiceAccount of their own. */
    async create(): Promise<void> {
      const install = ['install', system, chart, '--create-namespace', '--values', '-', '--wait'];
      await helm(install, JSON.stringify(values));
      installedSpec = await agents.read('spec');
      await createPods(cluster, deps);
    },
    /** Its workloads. */
    workloads: () => kubectl.call(['-n', system, 'get', 'daemonsets,deployments', '-o', 'name']),
    /** Whether the DaemonSet of its agents is the one that was installed. */
    isAsInstalled: async () =>
      (await agents.read('spec')) === installedSpec &&
      !(await agents.read('metadata.annotations')).includes(OURS),
    agentIsReady: agents.isReady,
    /** Waits until the DaemonSet has replaced its Pods. */
    agentsReplaced: () => kubectl.rollout(`daemonset/${system}`, system),
    /** What the scripts of the plan noted on the node. */
    async marks(): Promise<readonly string[]> {
      const { metadata } = (await kubectl.json('get', 'node', node)) as NodeObject;
      return Object.keys({ ...metadata.labels, ...metadata.annotations }).filter((key) =>
        key.startsWith(OURS),
      );
    },
    /** With its rule, which outlives it. */
    async remove(): Promise<void> {
      const found = await kubectl.call(['get', 'namespace', system, '--ignore-not-found', '-o', 'name']);
      if (found === '') return;
      await helm(['uninstall', system, '--ignore-not-found']);
      await kubectl.waitFor('delete', agents.pods);
      await kubectl.apply([rulesPod(cluster, node)]);
      await kubectl.waitFor('jsonpath={.status.phase}=Succeeded', ['-n', system, `pod/${RULES_POD}`]);
      await kubectl.call(['label', 'node', node, `${LABEL}-`]);
      await kubectl.call(['annotate', 'node', node, `${ANNOTATION}-`]);
      await kubectl.remove('namespace', BILLING, REPORTS, system);
    },
  };
}

function createAgents({ system, agents }: OldCluster, kubectl: Kubectl) {
  const pods = ['-n', system, 'pods', '-l', agents];
  return {
    pods,
    /** A field of their DaemonSet, as text. */
    read: (field: string) =>
      kubectl.call(['-n', system, 'get', 'daemonsets', '-l', agents, '-o', `jsonpath={.items[*].${field}}`]),
    /** On a cluster with one node. */
    isReady: async () => {
      const ready = 'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}';
      return (await kubectl.call(['get', ...pods, '-o', ready])) === 'True';
    },
  };
}

async function createPods(
  { permits, asking }: OldCluster,
  { kubectl, node, stsEndpoint }: OldSystemDeps,
): Promise<void> {
  const pods = [...asking, REFUSED];
  const accounts = pods.map(({ namespace, pod: name }) => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { namespace, name },
  }));
  await kubectl.apply([namespaceOf(BILLING, permits), namespaceOf(REPORTS), ...accounts]);
  const command = ['sleep', 'infinity'];
  await kubectl.apply(
    pods.map(({ namespace, pod: name, role }) => {
      const spec = { serviceAccountName: name };
      const options = { namespace, name, app: name, command, spec, ...(name !== BARE && { role }) };
      return podOf(options, { node, stsEndpoint });
    }),
  );
  for (const { namespace, pod } of pods)
    await kubectl.waitFor('condition=Ready', ['-n', namespace, `pod/${pod}`]);
}

export type OldSystem = ReturnType<typeof createOldSystem>;

interface NodeObject {
  readonly metadata: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

function rulesPod({ system, image }: OldCluster, node: string) {
  const container = containerOf({
    name: RULES_POD,
    image,
    command: ['sh', '-c', DELETE_RULES],
    capabilities: ['NET_ADMIN', 'NET_RAW'],
  });
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: system, name: RULES_POD },
    spec: {
      nodeName: node,
      hostNetwork: true,
      restartPolicy: 'Never',
      tolerations: [{ operator: 'Exists' }],
      containers: [container],
    },
  };
}

import { fileURLToPath } from 'node:url';
import { outputOf } from '@rolegate/testing';
import type { Client } from '../continuous-requests.ts';
import { IMAGES } from '../images.ts';
import type { Kubectl } from '../kubectl.ts';
import { containerOf } from '../node-pods.ts';
import { namespaceOf, podOf } from '../test-pods.ts';

const CHART = fileURLToPath(new URL('kiam', import.meta.url));
const KIAM = 'kiam';
/** Its Pods ask for roles that it permits. */
export const BILLING = 'billing';
/** It permits nothing. */
export const REPORTS = 'reports';
const ROLES = 'arn:aws:iam::123456789012:role/';
const PERMITTED = 'iam.amazonaws.com/permitted';
/** The label of docs/migrate.md. */
const LABEL = 'rolegate.dev/agent';

const [repository, tag] = IMAGES.kiam.split(':');
const image = { repository, tag };
/** As a user of kiam's chart gives them. The interfaces are those of Pods on most nodes. */
const VALUES = {
  agent: {
    image,
    host: { iptables: true, interface: '!eth0' },
    tolerations: [{ operator: 'Exists' }],
  },
  server: { image, deployment: { enabled: true, replicas: 2 }, roleBaseArn: ROLES },
};

/** `export` lives on the alternatives of its Namespace, which kiam does not anchor. */
const PODS: readonly Client[] = [
  { namespace: BILLING, pod: 'invoices', role: 'invoices' },
  { namespace: BILLING, pod: 'export', role: 'billing-export' },
  { namespace: REPORTS, pod: 'shell', role: '' },
  { namespace: REPORTS, pod: 'nightly', role: 'nightly' },
];
/** Those that keep what they have when the node moves. kiam refuses `nightly`. */
export const ASKING = PODS.filter(({ pod }) => pod !== 'nightly');

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

/** A cluster with kiam, as its chart installs it, with a stand-in for its program. */
export function createOldSystem({ kubectl, kubeconfig, node, stsEndpoint }: OldSystemDeps) {
  const install = ['install', KIAM, CHART, '--create-namespace', '--values', '-', '--wait'];

  return {
    /** With Namespaces and Pods. */
    async create(): Promise<void> {
      await outputOf(['helm', '--kubeconfig', kubeconfig, '--namespace', KIAM, ...install], {
        env: process.env,
        input: JSON.stringify(VALUES),
        timeoutMs: 90_000,
      });
      await kubectl.apply([
        namespaceOf(BILLING, { [PERMITTED]: `${ROLES}billing|${ROLES}invoices` }),
        namespaceOf(REPORTS),
      ]);
      for (const namespace of [BILLING, REPORTS])
        await kubectl.waitFor('create', ['-n', namespace, 'serviceaccount/default']);
      const command = ['sleep', 'infinity'];
      await kubectl.apply(
        PODS.map(({ namespace, pod, role }) =>
          podOf(
            { namespace, name: pod, app: pod, command, ...(role !== '' && { role }) },
            { node, stsEndpoint },
          ),
        ),
      );
      for (const { namespace, pod } of PODS)
        await kubectl.waitFor('condition=Ready', ['-n', namespace, `pod/${pod}`]);
    },
    /** Workloads of kiam. */
    workloads: () =>
      kubectl.call(['-n', KIAM, 'get', 'daemonsets,deployments', '-l', 'app=kiam', '-o', 'name']),
    /** Waits until its agent runs. */
    agentRuns: () =>
      kubectl.waitFor('condition=Ready', ['-n', KIAM, 'pods', '-l', 'app=kiam,component=agent']),
    /** With its rule, which outlives it. */
    async remove(): Promise<void> {
      const found = await kubectl.call(['get', 'namespace', KIAM, '--ignore-not-found', '-o', 'name']);
      if (found === '') return;
      await kubectl.remove('-n', KIAM, 'daemonsets,deployments', '-l', 'app=kiam');
      await kubectl.waitFor('delete', ['-n', KIAM, 'pods', '-l', 'app=kiam']);
      await kubectl.apply([rulesPod(node)]);
      await kubectl.waitFor('jsonpath={.status.phase}=Succeeded', ['-n', KIAM, `pod/${RULES_POD}`]);
      await kubectl.remove('clusterroles,clusterrolebindings', '-l', 'app=kiam');
      await kubectl.call(['label', 'node', node, `${LABEL}-`]);
      await kubectl.remove('namespace', BILLING, REPORTS, KIAM);
    },
  };
}

export type OldSystem = ReturnType<typeof createOldSystem>;

function rulesPod(node: string) {
  const container = containerOf({
    name: RULES_POD,
    image: IMAGES.kiam,
    command: ['sh', '-c', DELETE_RULES],
    capabilities: ['NET_ADMIN', 'NET_RAW'],
  });
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: KIAM, name: RULES_POD },
    spec: {
      nodeName: node,
      hostNetwork: true,
      restartPolicy: 'Never',
      tolerations: [{ operator: 'Exists' }],
      containers: [container],
    },
  };
}

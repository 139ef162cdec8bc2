import type { Client } from '../continuous-requests.ts';
import { IMAGES } from '../images.ts';

/** It permits the roles of its Pods. */
export const BILLING = 'billing';
/** It permits nothing. */
export const REPORTS = 'reports';
export const ROLES = 'arn:aws:iam::123456789012:role/';

/** A cluster with kiam or kube2iam. */
export interface OldCluster {
  /** Also the name of its chart, its release and its Namespace. */
  readonly system: 'kiam' | 'kube2iam';
  readonly image: string;
  /** Of its chart, as a user gives them. */
  readonly values: object;
  /** Labels of the Pods that answer others. */
  readonly agents: string;
  /** Annotations of BILLING. */
  readonly permits: Readonly<Record<string, string>>;
  /** Pods that have the same role before the move and after. The old system refuses `nightly`. */
  readonly asking: readonly Client[];
  readonly answers: Answers;
}

/** What Pods get: `export` and `nightly` for their roles, `shell` for the user data. */
export interface Answers {
  readonly export: string;
  readonly nightly: string;
  readonly userData: string;
}

/** From Rolegate. */
export const MOVED: Answers = { export: '200', nightly: '403', userData: '404' };

const tolerations = [{ operator: 'Exists' }];

/** `export` lives on the alternatives of its Namespace, which kiam does not anchor. */
export const KIAM: OldCluster = {
  system: 'kiam',
  image: IMAGES.kiam,
  values: {
    agent: {
      image: imageOf(IMAGES.kiam),
      // The interfaces are those of Pods on most nodes.
      host: { iptables: true, interface: '!eth0' },
      tolerations,
    },
    server: {
      image: imageOf(IMAGES.kiam),
      deployment: { enabled: true, replicas: 2 },
      roleBaseArn: ROLES,
    },
  },
  agents: 'app=kiam,component=agent',
  permits: { 'iam.amazonaws.com/permitted': `${ROLES}billing|${ROLES}invoices` },
  asking: [
    { namespace: BILLING, pod: 'invoices', role: 'invoices' },
    { namespace: BILLING, pod: 'export', role: 'billing-export' },
    { namespace: REPORTS, pod: 'shell', role: '' },
  ],
  answers: { export: '200', nightly: '500', userData: '404' },
};

/** `shell` has the default role, which needs no permit, and all metadata but credentials is that of the node. */
export const KUBE2IAM: OldCluster = {
  system: 'kube2iam',
  image: IMAGES.kube2iam,
  values: {
    image: imageOf(IMAGES.kube2iam),
    host: { iptables: true, interface: 'cni0' },
    extraArgs: { 'base-role-arn': ROLES, 'default-role': 'common', 'namespace-restrictions': '' },
    rbac: { create: true },
    // As manifests without one have it.
    updateStrategy: 'RollingUpdate',
    tolerations,
  },
  agents: 'app.kubernetes.io/name=kube2iam',
  permits: { 'iam.amazonaws.com/allowed-roles': '["invoices","billing-*"]' },
  asking: [
    { namespace: BILLING, pod: 'invoices', role: 'invoices', refusedPaths: [] },
    { namespace: BILLING, pod: 'export', role: 'billing-export', refusedPaths: [] },
    { namespace: REPORTS, pod: 'shell', role: 'common', refusedPaths: [] },
  ],
  answers: { export: '200', nightly: '404', userData: '200' },
};

function imageOf(reference: string) {
  const [repository, tag] = reference.split(':');
  return { repository, tag };
}

import { BASE } from './permits.ts';

interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly hostNetwork?: boolean;
  readonly image?: string;
  readonly ip?: string;
  readonly serviceAccount?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export const ROLE = 'iam.amazonaws.com/role';
export const PERMITTED = 'iam.amazonaws.com/permitted';
export const ALLOWED = 'iam.amazonaws.com/allowed-roles';

export function pod({
  namespace,
  name,
  annotations,
  hostNetwork,
  image,
  ip,
  serviceAccount,
  labels,
}: Pod): object {
  return {
    metadata: { namespace, name, uid: `${namespace}/${name}`, annotations, labels },
    spec: {
      nodeName: 'node-a',
      serviceAccountName: serviceAccount,
      hostNetwork,
      containers: [{ name: 'app', image: image ?? 'registry.example.org/app:1' }],
    },
    status: { phase: 'Running', podIP: ip },
  };
}

export function namespace(name: string, annotations: Readonly<Record<string, string>> = {}): object {
  return { metadata: { name, annotations } };
}

export function cronJob(
  namespaceName: string,
  name: string,
  annotations: Readonly<Record<string, string>>,
): object {
  return {
    metadata: { namespace: namespaceName, name, uid: `cron ${namespaceName}/${name}` },
    spec: { jobTemplate: { spec: { template: { metadata: { annotations }, spec: { containers: [] } } } } },
  };
}

/** A Deployment or StatefulSet. */
export function scaled(
  namespaceName: string,
  name: string,
  replicas: number | undefined,
  annotations: Readonly<Record<string, string>>,
): object {
  return {
    metadata: { namespace: namespaceName, name, uid: `${namespaceName} ${name}` },
    spec: { replicas, template: { metadata: { annotations }, spec: { containers: [] } } },
  };
}

/** As kiam's chart renders them: agents and servers, both as DaemonSets. */
export const kiamDaemonSets: readonly object[] = [
  workload(
    'kiam-agent',
    'quay.io/uswitch/kiam:v4.0',
    ['/kiam', 'agent'],
    [
      '--host-interface=cali+',
      '--json-log',
      '--level=info',
      '--port=8181',
      '--cert=/etc/kiam/tls/tls.crt',
      '--key=/etc/kiam/tls/tls.key',
      '--ca=/etc/kiam/tls/ca.crt',
      '--server-address=kiam-server:443',
      '--prometheus-listen-addr=0.0.0.0:9620',
      '--prometheus-sync-interval=5s',
      '--allow-route-regexp=placement',
      '--gateway-timeout-creation=1s',
      '--iptables',
      '--no-iptables-remove',
      '--host=$(HOST_IP)',
    ],
  ),
  workload(
    'kiam-server',
    'quay.io/uswitch/kiam:v4.0',
    ['/kiam', 'server'],
    [
      '--json-log',
      '--level=info',
      '--bind=0.0.0.0:443',
      `--role-base-arn=${BASE}`,
      '--session-duration=15m',
      '--sync=1m',
    ],
  ),
];

/** As kube2iam's chart renders it. */
export function kube2iamDaemonSet(...flags: readonly string[]): object {
  return workload(
    'kube2iam',
    'jtblin/kube2iam:0.11.1',
    [],
    [
      '--host-interface=eni+',
      '--node=$(NODE_NAME)',
      '--host-ip=$(HOST_IP)',
      '--iptables=true',
      '--app-port=8181',
      ...flags,
    ],
  );
}

function workload(name: string, image: string, command: readonly string[], args: readonly string[]): object {
  return {
    metadata: {
      namespace: 'kube-system',
      name,
      annotations: { 'meta.helm.sh/release-name': 'old', 'meta.helm.sh/release-namespace': 'kube-system' },
    },
    spec: {
      selector: { matchLabels: { app: name.split('-')[0], component: name.split('-')[1] ?? 'agent' } },
      template: { spec: { containers: [{ name: 'main', image, command, args }] } },
    },
  };
}

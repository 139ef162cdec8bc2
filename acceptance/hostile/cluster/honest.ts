import type { KubernetesObject } from '@rolegate/testing';

/** Nodes whose agents are observed. */
export const honestNodes: readonly string[] = Array.from({ length: 4 }, (_, at) => `node-${at}`);

const PERMITTED = 'iam.amazonaws.com/permitted';
const ROLE = 'iam.amazonaws.com/role';

/** A Namespace with a ServiceAccount and a Pod that have the role. */
export interface Tenant {
  readonly namespace: string;
  readonly pod: string;
  readonly node: string;
  readonly role: string;
}

function tenants(name: string, count: number): readonly Tenant[] {
  return Array.from({ length: count }, (_, at) => {
    const namespace = `${name}-${at}`;
    return { namespace, pod: 'app', node: nodeAt(at), role: `${namespace}/app` };
  });
}

/** Tenants that never change; their sessions are renewed. */
export const STABLE = 'stable';
export const stable = tenants(STABLE, 50);
/** Tenants whose permits and roles change. */
export const changed = tenants('changed', 10);
/** Tenants that get new Pods. */
export const growing = tenants('growing', 10);

export function nodeAt(index: number): string {
  return honestNodes[index % honestNodes.length] ?? '';
}

export function namespaceOf({ namespace }: Pick<Tenant, 'namespace'>, permitted: string): KubernetesObject {
  return { kind: 'Namespace', metadata: { name: namespace, annotations: { [PERMITTED]: permitted } } };
}

export function accountOf({ namespace }: Pick<Tenant, 'namespace'>, role: string): KubernetesObject {
  return {
    kind: 'ServiceAccount',
    metadata: { namespace, name: 'app', annotations: { [ROLE]: role } },
  };
}

/** Without `role`, the Pod gets that of its ServiceAccount. */
export function podOf(
  { namespace, node }: Pick<Tenant, 'namespace' | 'node'>,
  name: string,
  role?: string,
): KubernetesObject {
  return {
    kind: 'Pod',
    metadata: { namespace, name, annotations: role === undefined ? {} : { [ROLE]: role } },
    spec: {
      nodeName: node,
      serviceAccountName: 'app',
      containers: [{ name: 'main', image: 'example.com/main:1' }],
    },
    status: { phase: 'Running' },
  };
}

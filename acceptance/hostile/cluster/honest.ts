import type { KubernetesObject } from '@rolegate/testing';

/** Those whose agents are watched. */
export const honestNodes: readonly string[] = Array.from({ length: 4 }, (_, at) => `node-${at}`);

const PERMITTED = 'iam.amazonaws.com/permitted';
const ROLE = 'iam.amazonaws.com/role';

/** A Namespace with a ServiceAccount of the same role, and a Pod of it. */
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

/** Whose sessions are renewed and never change. */
export const KEPT = 'kept';
export const kept = tenants(KEPT, 50);
/** Whose permits and roles change. */
export const changed = tenants('changed', 10);
/** In which new Pods come. */
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

/** A Pod whose ServiceAccount names its role, or that names its own. */
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

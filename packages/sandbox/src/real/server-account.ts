import type { CoreV1Api, KubeConfig, V1PolicyRule } from '@kubernetes/client-node';
import { RbacAuthorizationV1Api } from '@kubernetes/client-node';

const API = 'rbac.authorization.k8s.io';
const AUTHORITY = 'rolegate-authority';

/** All that a server may (docs/identity.md). */
const CLUSTER_RULES: V1PolicyRule[] = [
  {
    apiGroups: [''],
    resources: ['pods', 'namespaces', 'serviceaccounts', 'nodes'],
    verbs: ['get', 'list', 'watch'],
  },
  { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
  { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
];
const NAMESPACE_RULES: V1PolicyRule[] = [
  // A name cannot be demanded of what is being created.
  { apiGroups: [''], resources: ['secrets', 'configmaps'], verbs: ['create'] },
  {
    apiGroups: [''],
    resources: ['secrets', 'configmaps'],
    resourceNames: [AUTHORITY],
    verbs: ['get', 'update'],
  },
];

export interface ServerAccount extends AsyncDisposable {
  /** A kubeconfig that may what a server's Pod may, and no more. */
  readonly kubeconfig: string;
}

/** A ServiceAccount for the servers, its rights and a token for it. */
export async function createServerAccount({
  kubeConfig,
  core,
  namespace,
}: {
  readonly kubeConfig: KubeConfig;
  readonly core: CoreV1Api;
  readonly namespace: string;
}): Promise<ServerAccount> {
  const rbac = kubeConfig.makeApiClient(RbacAuthorizationV1Api);
  const [account, wide] = ['rolegate-server', `rolegate-server-${namespace}`];
  const subjects = [{ kind: 'ServiceAccount', name: account, namespace }];
  await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name: account } } });
  await rbac.createClusterRole({ body: { metadata: { name: wide }, rules: CLUSTER_RULES } });
  await rbac.createClusterRoleBinding({
    body: { metadata: { name: wide }, roleRef: { apiGroup: API, kind: 'ClusterRole', name: wide }, subjects },
  });
  const roleRef = { apiGroup: API, kind: 'Role', name: account };
  await rbac.createNamespacedRole({
    namespace,
    body: { metadata: { name: account }, rules: NAMESPACE_RULES },
  });
  await rbac.createNamespacedRoleBinding({
    namespace,
    body: { metadata: { name: account }, roleRef, subjects },
  });
  const { status } = await core.createNamespacedServiceAccountToken({
    ...{ namespace, name: account },
    body: { spec: { audiences: [], expirationSeconds: 7200 } },
  });
  const cluster = kubeConfig.getCurrentCluster();
  if (cluster === null) throw new Error('the kubeconfig names no cluster');
  return {
    kubeconfig: kubeconfigOf(cluster, { token: status?.token ?? '' }),
    async [Symbol.asyncDispose]() {
      await Promise.allSettled([
        rbac.deleteClusterRoleBinding({ name: wide }),
        rbac.deleteClusterRole({ name: wide }),
      ]);
    },
  };
}

/** JSON is YAML. */
export function kubeconfigOf(
  { server, caFile, caData }: { server: string; caFile?: string; caData?: string },
  user: object,
): string {
  const cluster = {
    server,
    ...(caFile !== undefined && { 'certificate-authority': caFile }),
    ...(caData !== undefined && { 'certificate-authority-data': caData }),
  };
  return JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'test' },
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  });
}

import type { CoreV1Api, KubeConfig, V1PolicyRule } from '@kubernetes/client-node';
import { RbacAuthorizationV1Api } from '@kubernetes/client-node';
import { goldenFile, objectsIn } from './golden-files.ts';

const API = 'rbac.authorization.k8s.io';

/** What the chart gives to a server, with everything at its default. */
const RENDERED = 'charts/server/golden/minimal.yaml';

function rulesOf(kind: 'ClusterRole' | 'Role'): V1PolicyRule[] {
  const found = objectsIn(goldenFile(RENDERED)).find(
    (object) => object.kind === kind && object.metadata.name === 'rolegate-server',
  );
  if (found === undefined) throw new Error(`${RENDERED} has no ${kind} of the server`);
  return found['rules'] as V1PolicyRule[];
}

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
  await rbac.createClusterRole({ body: { metadata: { name: wide }, rules: rulesOf('ClusterRole') } });
  await rbac.createClusterRoleBinding({
    body: { metadata: { name: wide }, roleRef: { apiGroup: API, kind: 'ClusterRole', name: wide }, subjects },
  });
  const roleRef = { apiGroup: API, kind: 'Role', name: account };
  await rbac.createNamespacedRole({
    namespace,
    body: { metadata: { name: account }, rules: rulesOf('Role') },
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

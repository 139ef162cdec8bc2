import type { CoreV1Api, KubeConfig, V1PolicyRule } from '@kubernetes/client-node';
import { RbacAuthorizationV1Api } from '@kubernetes/client-node';
import { goldenFile, objectsIn } from './charts/golden-files.ts';
import { kubeconfigOf } from '../stand-ins/kubeconfig.ts';

const API = 'rbac.authorization.k8s.io';

const AUTHORITY = 'rolegate-authority';

/** The rendering with the server's default permissions. */
const RENDERED = 'charts/server/golden/minimal.yaml';

function rulesOf(kind: 'ClusterRole' | 'Role'): V1PolicyRule[] {
  const found = objectsIn(goldenFile(RENDERED)).find(
    (object) => object.kind === kind && object.metadata.name === 'rolegate-server',
  );
  if (found === undefined) throw new Error(`${RENDERED} has no ${kind} of the server`);
  return found['rules'] as V1PolicyRule[];
}

/** Creates the empty Secret and ConfigMap of the authority, as the chart does. */
export async function createAuthorityObjects(core: CoreV1Api, namespace: string): Promise<void> {
  const objects = objectsIn(goldenFile(RENDERED)).filter(({ metadata: { name } }) => name === AUTHORITY);
  if (objects.length !== 2) throw new Error(`${RENDERED} has ${objects.length} objects ${AUTHORITY}`);
  const metadata = { name: AUTHORITY };
  await core.createNamespacedSecret({ namespace, body: { metadata } }).catch(ignoreConflict);
  await core.createNamespacedConfigMap({ namespace, body: { metadata } }).catch(ignoreConflict);
}

function ignoreConflict(error: unknown): void {
  if ((error as { code?: unknown }).code !== 409) throw error;
}

export interface ServerAccount extends AsyncDisposable {
  /** A kubeconfig with the permissions of a server's Pod. */
  readonly kubeconfig: string;
}

/** Creates a ServiceAccount for servers with its permissions and a token. */
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
  await createAuthorityObjects(core, namespace);
  return {
    kubeconfig: await accountKubeconfig({ kubeConfig, core, namespace, account }),
    async [Symbol.asyncDispose]() {
      await Promise.allSettled([
        rbac.deleteClusterRoleBinding({ name: wide }),
        rbac.deleteClusterRole({ name: wide }),
      ]);
    },
  };
}

/** A kubeconfig with the permissions of the ServiceAccount. */
export async function accountKubeconfig({
  kubeConfig,
  core,
  namespace,
  account,
}: {
  readonly kubeConfig: KubeConfig;
  readonly core: CoreV1Api;
  readonly namespace: string;
  readonly account: string;
}): Promise<string> {
  const { status } = await core.createNamespacedServiceAccountToken({
    namespace,
    name: account,
    body: { spec: { audiences: [], expirationSeconds: 7200 } },
  });
  const cluster = kubeConfig.getCurrentCluster();
  if (cluster === null) throw new Error('the kubeconfig names no cluster');
  return kubeconfigOf(cluster, { token: status?.token ?? '' });
}

import type { CoreV1Api, KubeConfig, V1PolicyRule } from '@kubernetes/client-node';
import { RbacAuthorizationV1Api } from '@kubernetes/client-node';
import { goldenFile, objectsIn } from './charts/golden-files.ts';
import { kubeconfigOf } from '../stand-ins/kubeconfig.ts';

const API = 'rbac.authorization.k8s.io';

const AUTHORITY = 'rolegate-authority';

/** What the chart gives to a server, with everything at its default. */
const RENDERED = 'charts/server/golden/minimal.yaml';

function rulesOf(kind: 'ClusterRole' | 'Role'): V1PolicyRule[] {
  const found = objectsIn(goldenFile(RENDERED)).find(
    (object) => object.kind === kind && object.metadata.name === 'rolegate-server',
  );
  if (found === undefined) throw new Error(`${RENDERED} has no ${kind} of the server`);
  return found['rules'] as V1PolicyRule[];
}

/** The Secret and the ConfigMap of the authority, as the chart renders them: empty, for servers to fill. */
export async function createAuthorityObjects(core: CoreV1Api, namespace: string): Promise<void> {
  const objects = objectsIn(goldenFile(RENDERED)).filter(({ metadata: { name } }) => name === AUTHORITY);
  if (objects.length !== 2) throw new Error(`${RENDERED} has ${objects.length} objects ${AUTHORITY}`);
  const metadata = { name: AUTHORITY };
  await core.createNamespacedSecret({ namespace, body: { metadata } }).catch(unlessThere);
  await core.createNamespacedConfigMap({ namespace, body: { metadata } }).catch(unlessThere);
}

function unlessThere(error: unknown): void {
  if ((error as { code?: unknown }).code !== 409) throw error;
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

/** A kubeconfig that may what the ServiceAccount may. */
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

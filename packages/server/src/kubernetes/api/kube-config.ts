import { readFileSync } from 'node:fs';
import type { KubeConfig } from '@kubernetes/client-node';

/** Where the kubelet puts the Pod's own (Kubernetes, "Accessing the Kubernetes API from a Pod"). */
const OWN_NAMESPACE_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

export interface KubeConfigSource {
  /** A kubeconfig file. Without one: the Pod's own ServiceAccount. */
  readonly path?: string | undefined;
}

/** Where the API server is and who we are to it. Loaded late: the library is large. */
export async function loadKubeConfig({ path }: KubeConfigSource): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const kubeConfig = new KubeConfig();
  if (path !== undefined) loadFile(kubeConfig, path);
  else loadFromPod(kubeConfig);
  return kubeConfig;
}

function loadFile(kubeConfig: KubeConfig, path: string): void {
  try {
    kubeConfig.loadFromFile(path);
  } catch (cause) {
    throw new Error(`the kubeconfig ${path} cannot be read`, { cause });
  }
  if (kubeConfig.getCurrentCluster() === null) {
    throw new Error(`the kubeconfig ${path} names no cluster in its current-context: set one`);
  }
  // Without a user the library leaves out the cluster's CA as well.
  if (kubeConfig.getCurrentUser() === null) {
    throw new Error(`the kubeconfig ${path} names no user in its current-context: set one`);
  }
}

function loadFromPod(kubeConfig: KubeConfig): void {
  kubeConfig.loadFromCluster();
  // The library takes the variables as they are, missing ones too.
  const server = kubeConfig.getCurrentCluster()?.server ?? '';
  if (server.includes('undefined')) {
    throw new Error('not in a Pod (no KUBERNETES_SERVICE_HOST and _PORT) and no --kubeconfig: give one');
  }
}

/** The Namespace of the Pod in which we run; undefined outside one. */
export function readOwnNamespace(file: string = OWN_NAMESPACE_FILE): string | undefined {
  try {
    const name = readFileSync(file, 'utf8').trim();
    return name === '' ? undefined : name;
  } catch {
    return undefined; // no Pod, or one without a token: --namespace says it
  }
}

import { readFileSync } from 'node:fs';
import type { KubeConfig } from '@kubernetes/client-node';

/** The Pod's Namespace, written by kubelet (Kubernetes, "Accessing the Kubernetes API from a Pod"). */
const OWN_NAMESPACE_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

export interface KubeConfigSource {
  /** A kubeconfig file. Defaults to the Pod's ServiceAccount. */
  readonly path?: string | undefined;
}

/** The library is loaded on demand, because it is large. */
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
    throw new Error(`the kubeconfig ${path} has no cluster in its current-context; set one`);
  }
  // Without a user the library also ignores the cluster's CA.
  if (kubeConfig.getCurrentUser() === null) {
    throw new Error(`the kubeconfig ${path} has no user in its current-context; set one`);
  }
}

function loadFromPod(kubeConfig: KubeConfig): void {
  kubeConfig.loadFromCluster();
  // The library does not check whether the variables are set.
  const server = kubeConfig.getCurrentCluster()?.server ?? '';
  if (server.includes('undefined')) {
    throw new Error('not in a Pod (KUBERNETES_SERVICE_HOST and _PORT are not set); give --kubeconfig');
  }
}

/** The Namespace of the Pod in which this process runs; undefined outside a Pod. */
export function readOwnNamespace(file: string = OWN_NAMESPACE_FILE): string | undefined {
  try {
    const name = readFileSync(file, 'utf8').trim();
    return name === '' ? undefined : name;
  } catch {
    return undefined; // Not in a Pod, or in one without a token: --namespace is needed.
  }
}

import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Environment } from '@rolegate/runtime';

export interface KubeConfigChoice {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  /** The user to impersonate. */
  readonly as: string | undefined;
  readonly env: Environment;
}

/** Loads the kubeconfig that kubectl would use. The library is loaded on demand, because it is large. */
export async function loadKubeConfig(choice: KubeConfigChoice): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  const { kubeconfig, env, context, as } = choice;
  const files = kubeconfig === undefined ? (env['KUBECONFIG'] ?? '').split(delimiter) : [kubeconfig];
  const named = files.filter((file) => file !== '');
  if (named.length > 0) loadFiles(config, named, KubeConfig);
  else config.loadFromDefault();
  if (context !== undefined) {
    if (config.getContextObject(context) === null)
      throw new Error(`the kubeconfig has no context ${context}; kubectl config get-contexts lists them`);
    config.setCurrentContext(context);
  }
  return as === undefined ? checked(config) : impersonating(checked(config), as);
}

/** Like kubectl, skips files that do not exist as long as there is one. */
function loadFiles(config: KubeConfig, files: readonly string[], Config: new () => KubeConfig): void {
  const [first, ...others] = files.filter((file) => existsSync(file));
  if (first === undefined) throw new Error(`the kubeconfig ${files.join(', ')} does not exist`);
  loadFile(config, first);
  for (const file of others) {
    const other = new Config();
    loadFile(other, file);
    // The first file with a current-context decides.
    config.mergeConfig(other, config.getCurrentContext() !== '');
  }
}

function loadFile(config: KubeConfig, file: string): void {
  try {
    config.loadFromFile(file);
  } catch (cause) {
    throw new Error(`cannot read the kubeconfig ${file}`, { cause });
  }
}

function checked(config: KubeConfig): KubeConfig {
  const cluster = config.getCurrentCluster();
  // The library's last resort, which kubectl calls "connection to the server localhost:8080 was refused".
  if (cluster === null || cluster.server === 'http://localhost:8080')
    throw new Error('no cluster: there is no kubeconfig, or its current-context names none; set KUBECONFIG');
  if (config.getCurrentUser() === null)
    throw new Error('the kubeconfig has no user in its current-context; set one');
  return config;
}

function impersonating(config: KubeConfig, as: string): KubeConfig {
  const user = config.getCurrentUser();
  const cluster = config.getCurrentCluster();
  if (user === null || cluster === null) return config;
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace;
  config.loadFromClusterAndUser(cluster, { ...user, impersonateUser: as });
  if (namespace !== undefined) config.contexts = config.contexts.map((one) => ({ ...one, namespace }));
  return config;
}

import type { Environment } from '@rolegate/runtime';
import { createConnection } from './connection.ts';
import type { ChangingConnection, Connection } from './connection.ts';
import { createExecs } from './exec.ts';
import { loadKubeConfig, withTimeouts } from './kube-config.ts';

export interface ClusterFlagValues {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly as: string | undefined;
}

/** Access to a cluster. Dispose it, or kept connections keep the process alive. */
export interface Cluster extends Disposable {
  readonly connection: Connection;
  /** Of the kubeconfig's context, in which kubectl looks for objects without `-n`. */
  readonly namespace: string;
  readonly exec: ReturnType<typeof createExecs>;
}

/** Also for the commands that change objects. */
export interface ChangingCluster extends Cluster {
  readonly connection: ChangingConnection;
}

export async function openCluster(values: ClusterFlagValues, env: Environment): Promise<ChangingCluster> {
  const { Exec } = await import('@kubernetes/client-node');
  const { kubeconfig, context, as } = values;
  const config = await loadKubeConfig({ kubeconfig, context, as, env });
  const connection = createConnection(config);
  return {
    connection,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? 'default',
    exec: createExecs({ exec: new Exec(withTimeouts(config)) }),
    [Symbol.dispose]() {
      connection.close();
    },
  };
}

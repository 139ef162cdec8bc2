import { startChild } from '../../../processes/start-child.ts';
import type { Remote } from '../../../processes/start-child.ts';
import type { RealApiCalls } from '../../cluster/calls.ts';
import { startServerWatchers } from '../../cluster/watch/watchers.ts';
import type { ServerWatchers } from '../../cluster/watch/watchers.ts';
import { openCluster } from '../../cluster/cluster.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import type { Environment } from '../../cluster/environment.ts';
import { honestNodes } from '../../cluster/honest.ts';
import { agentsOf } from './agents.ts';
import { openLab } from './lab.ts';
import type { Lab } from './lab.ts';

type Filled = Omit<RealCluster, 'watchers'>;

/** The same tenants and server with a real API server. */
export interface RealCluster {
  readonly lab: Lab;
  readonly api: Remote<RealApiCalls>;
  readonly cluster: Cluster;
  readonly watchers: ServerWatchers;
}

export interface RealClusterHandle {
  /** Starts the lab in the background. */
  readonly begin: () => void;
  /** Resolves when the lab is up. Rejects with `Skipped` if this machine has no lab. */
  readonly open: () => Promise<RealCluster>;
}

/** `before` frees the server's ports. Closed with the stack. */
export function prepareRealCluster(
  environment: Environment,
  stack: AsyncDisposableStack,
  before: () => Promise<void>,
): RealClusterHandle {
  let filled: Promise<Filled> | undefined;
  let stage: Promise<RealCluster> | undefined;

  async function fill(): Promise<Filled> {
    const lab = await openLab(environment, stack);
    const script = new URL('../clients/real-api.ts', import.meta.url);
    const through = [...environment.groups.api.enter, ...environment.enter];
    const api = stack.use(await startChild<RealApiCalls>(script, { through })).call;
    await api.connect(lab.server);
    for (const name of honestNodes) await api.apply({ kind: 'Node', metadata: { name } });
    const { port: apiPort, kubeconfig } = lab;
    const cluster = await openCluster(
      environment,
      { name: 'server-of-lab', api, apiPort, kubeconfig, identity: { ca: environment.ca } },
      stack,
    );
    return { lab, api, cluster };
  }

  function begin(): Promise<Filled> {
    filled ??= fill();
    filled.catch(() => undefined); // awaited by `open`
    return filled;
  }

  async function openRealCluster(): Promise<RealCluster> {
    const found = await begin();
    await before();
    await found.cluster.connect(await agentsOf(environment));
    return { ...found, watchers: await startServerWatchers(found.cluster, stack) };
  }

  return {
    begin() {
      void begin();
    },
    open: () => (stage ??= openRealCluster()),
  };
}

import { startChild } from '../../../processes/start-child.ts';
import type { Remote } from '../../../processes/start-child.ts';
import type { RealApiCalls } from '../../cluster/orders.ts';
import { startServerWatchers } from '../../cluster/watch/watchers.ts';
import type { ServerWatchers } from '../../cluster/watch/watchers.ts';
import { openCluster } from '../../cluster/cluster.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import type { Ground } from '../../cluster/ground.ts';
import { honestNodes } from '../../cluster/honest.ts';
import { agentsOf } from './agents.ts';
import { openLab } from './lab.ts';
import type { Lab } from './lab.ts';

/** Everything but running programs. */
type Filled = Omit<RealStage, 'watchers'>;

/** The same tenants and the same server, with a real API server in the place of the stand-in. */
export interface RealStage {
  readonly lab: Lab;
  readonly api: Remote<RealApiCalls>;
  readonly cluster: Cluster;
  readonly watchers: ServerWatchers;
}

export interface RealStages {
  /** Begins to bring it up, which takes a while. */
  readonly begin: () => void;
  /** Resolves when it is up. Rejects with `Skipped` if this machine cannot. */
  readonly open: () => Promise<RealStage>;
}

/** `before`: makes room on the ports of the server. What is opened ends with the stack. */
export function createRealStages(
  ground: Ground,
  stack: AsyncDisposableStack,
  before: () => Promise<void>,
): RealStages {
  let filled: Promise<Filled> | undefined;
  let stage: Promise<RealStage> | undefined;

  async function fill(): Promise<Filled> {
    const lab = await openLab(ground, stack);
    const script = new URL('../clients/real-api.ts', import.meta.url);
    const through = [...ground.groups.api.enter, ...ground.enter];
    const api = stack.use(await startChild<RealApiCalls>(script, { through })).call;
    await api.connect(lab.server);
    for (const name of honestNodes) await api.apply({ kind: 'Node', metadata: { name } });
    const { port: apiPort, kubeconfig } = lab;
    const cluster = await openCluster(
      ground,
      { name: 'server-of-lab', api, apiPort, kubeconfig, identity: { ca: ground.ca } },
      stack,
    );
    return { lab, api, cluster };
  }

  function begin(): Promise<Filled> {
    filled ??= fill();
    filled.catch(() => undefined); // told by `open`
    return filled;
  }

  async function openStage(): Promise<RealStage> {
    const found = await begin();
    await before();
    await found.cluster.connect(await agentsOf(ground));
    return { ...found, watchers: await startServerWatchers(found.cluster, stack) };
  }

  return {
    begin() {
      void begin();
    },
    open: () => (stage ??= openStage()),
  };
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startChild } from '../../processes/start-child.ts';
import type { Remote } from '../../processes/start-child.ts';
import type { Ground } from './ground.ts';
import { accountOf, changed, growing, kept, namespaceOf, podOf } from './honest.ts';
import type { Tenant } from './honest.ts';
import type { ApiCalls, FeedsCalls, FeedsOrder } from './orders.ts';
import { prepareServer } from './server.ts';
import type { ServerIdentity, ServerProgram } from './server.ts';

/** An API server full of honest tenants, the server under test that follows it, and the honest nodes' agents. */
export interface Cluster {
  readonly ground: Ground;
  readonly api: Remote<ApiCalls>;
  readonly apiPort: number;
  /** The path of its file. */
  readonly kubeconfig: string;
  readonly server: ServerProgram;
  readonly feeds: Remote<FeedsCalls>;
  /** Opens the agents' streams, and opens them again whenever they end. */
  readonly connect: (order: FeedsOrder) => Promise<void>;
  /** How many streams are to be open. */
  readonly streams: () => number;
  /** UIDs of the Pods of those who change, in their order. */
  readonly changedPods: readonly string[];
}

export interface ClusterOptions {
  /** Of its folder and the server's control group. */
  readonly name: string;
  readonly api: Remote<ApiCalls>;
  readonly apiPort: number;
  readonly kubeconfig: string;
  readonly identity: ServerIdentity;
}

/** Fills the API server; the server under test does not run yet, and no agent connects. What was opened ends with the stack. */
export async function openCluster(
  ground: Ground,
  { name, api, apiPort, kubeconfig, identity }: ClusterOptions,
  stack: AsyncDisposableStack,
): Promise<Cluster> {
  const { groups, enter, sts, onLine } = ground;
  const folder = await ground.makeFolder(name);
  const path = join(folder, 'kubeconfig');
  await writeFile(path, kubeconfig, { mode: 0o644 });
  const server = await prepareServer({
    ...ground,
    folder,
    name,
    identity,
    kubeconfig: path,
    stsEndpoint: await sts.url(undefined),
    onLine: (line) => {
      onLine('server', line);
    },
  });
  stack.defer(() => server.stop());
  for (const tenant of [...kept, ...growing]) await applyTenant(api, tenant);
  const changedPods: string[] = [];
  for (const tenant of changed) changedPods.push(await applyTenant(api, tenant));
  const script = new URL('clients/feeds.ts', import.meta.url);
  const feeds = stack.use(
    await startChild<FeedsCalls>(script, { through: [...groups.watchers.enter, ...enter] }),
  );
  let streams = 0;
  return {
    ground,
    api,
    apiPort,
    kubeconfig: path,
    server,
    feeds: feeds.call,
    changedPods,
    async connect(order) {
      streams = order.nodes.length;
      await feeds.call.open(order);
    },
    streams: () => streams,
  };
}

/** Resolves to the UID of its Pod. */
async function applyTenant(api: Remote<ApiCalls>, tenant: Tenant): Promise<string> {
  await api.apply(namespaceOf(tenant, `${tenant.namespace}/.*`));
  await api.apply(accountOf(tenant, tenant.role));
  return (await api.apply(podOf(tenant, tenant.pod))).uid;
}

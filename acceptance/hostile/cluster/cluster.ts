import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChartProgram } from '../../chart-programs/chart-program.ts';
import { startChild } from '../../processes/start-child.ts';
import type { Remote } from '../../processes/start-child.ts';
import type { Environment } from './environment.ts';
import { accountOf, changed, growing, stable, namespaceOf, podOf } from './honest.ts';
import type { Tenant } from './honest.ts';
import type { ApiCalls, FeedsCalls, FeedsOptions } from './calls.ts';
import { prepareServer } from './server.ts';
import type { ServerIdentity } from './server.ts';

/** An API server with honest tenants, the server under test, and the agents of honest nodes. */
export interface Cluster {
  readonly environment: Environment;
  readonly api: Remote<ApiCalls>;
  readonly apiPort: number;
  /** Path of the file. */
  readonly kubeconfig: string;
  readonly server: ChartProgram;
  readonly feeds: Remote<FeedsCalls>;
  /** Opens the agents' streams, and reopens them when they end. */
  readonly connect: (options: FeedsOptions) => Promise<void>;
  /** The expected number of open streams. */
  readonly streams: () => number;
  /** UIDs of the Pods of the tenants that change, in the order of the tenants. */
  readonly changedPods: readonly string[];
}

export interface ClusterOptions {
  /** Name of the folder and the server's control group. */
  readonly name: string;
  readonly api: Remote<ApiCalls>;
  readonly apiPort: number;
  readonly kubeconfig: string;
  readonly identity: ServerIdentity;
}

/** Fills the API server. Does not start the server under test or connect agents. Closed with the stack. */
export async function openCluster(
  environment: Environment,
  { name, api, apiPort, kubeconfig, identity }: ClusterOptions,
  stack: AsyncDisposableStack,
): Promise<Cluster> {
  const { groups, enter, sts, onLine } = environment;
  const folder = await environment.makeFolder(name);
  const path = join(folder, 'kubeconfig');
  await writeFile(path, kubeconfig, { mode: 0o644 });
  const server = await prepareServer({
    ...environment,
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
  for (const tenant of [...stable, ...growing]) await applyTenant(api, tenant);
  const changedPods: string[] = [];
  for (const tenant of changed) changedPods.push(await applyTenant(api, tenant));
  const script = new URL('clients/feeds.ts', import.meta.url);
  const feeds = stack.use(
    await startChild<FeedsCalls>(script, { through: [...groups.watchers.enter, ...enter] }),
  );
  let streams = 0;
  return {
    environment,
    api,
    apiPort,
    kubeconfig: path,
    server,
    feeds: feeds.call,
    changedPods,
    async connect(options) {
      streams = options.nodes.length;
      await feeds.call.open(options);
    },
    streams: () => streams,
  };
}

/** Resolves to the UID of the tenant's Pod. */
async function applyTenant(api: Remote<ApiCalls>, tenant: Tenant): Promise<string> {
  await api.apply(namespaceOf(tenant, `${tenant.namespace}/.*`));
  await api.apply(accountOf(tenant, tenant.role));
  return (await api.apply(podOf(tenant, tenant.pod))).uid;
}

import { containerCredentials } from '@rolegate/protocol';
import { openFolder, outputOf } from '@rolegate/testing';
import type { World } from '@rolegate/testing';
import { openCgroups } from '../cgroups/cgroups.ts';
import { NODE, PORTS, PROXY_URL, STS_URL } from '../network/addresses.ts';
import { openNetwork, openStandIns } from '../network/node-network.ts';
import { startScript } from '../processes/start-script.ts';
import type { StandIns } from '../stand-ins/calls.ts';
import { createCluster } from '../stand-ins/cluster.ts';
import type { Client } from './client.ts';
import { startEndpoint } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import { createPods, podKinds, roleArn } from './container-credentials/pods.ts';
import type { ClientPods } from './container-credentials/pods.ts';
import { clusterNamespaces, situations } from './container-credentials/situations.ts';
import type { Situation } from './container-credentials/situations.ts';
import type { Trial } from './container-credentials/trial.ts';
import { createMetadataPods } from './metadata/pods.ts';
import type { MetadataPods } from './metadata/pods.ts';
import { watchRequests } from './metadata/requests.ts';
import type { MetadataTrial } from './metadata/trial.ts';

export interface ClientsWorld extends World {
  readonly standIns: StandIns;
  readonly endpoint: Endpoint;
  /** Pods with the variables for container credentials. */
  readonly pods: ClientPods;
  readonly metadataPods: MetadataPods;
  /** How often the proxy was sent a token for the endpoint. */
  readonly tokensAtProxy: () => Promise<number>;
  /**
   * The command that enters a control group of the clients of the metadata API. As on a node, where each Pod has a group, a hundred
   * workers of one Pod do not take the processor from the agent.
   */
  readonly clientsGroup: readonly string[];
  /** The folders of the clients. */
  readonly installed: ReadonlyMap<Client, string>;
  /** For the tables. */
  readonly trials: Trial[];
  readonly metadataTrials: MetadataTrial[];
}

/** The share of a group is as large as that of the programs under test. Enough memory for a hundred interpreters. */
const CLIENTS_GROUP = { name: 'clients', memoryBytes: 6 * 2 ** 30, cpuWeight: 100 };

/** A node with its Pods in network namespaces, and the programs under test on it. */
export async function openWorld(installed: ClientsWorld['installed']): Promise<ClientsWorld> {
  await using stack = new AsyncDisposableStack();
  const folder = await openFolder('rolegate-clients-', stack);
  const namespaces = await openNetwork({ name: `rg${process.pid}c` }, stack);
  const node = namespaces.enter('node');
  const { standIns, cni, kubeconfig } = await openStandIns({ folder, enter: node }, stack);
  for (const [name, ...words] of [
    ['s3', NODE.ipv4, String(PORTS.s3), STS_URL],
    ['forward-proxy', NODE.ipv4, String(PORTS.proxy), containerCredentials.addresses.ipv4],
  ]) {
    const script = new URL(`../stand-ins/${name}.ts`, import.meta.url);
    stack.defer((await startScript(node, script, words)).stop);
  }
  const cluster = createCluster({ standIns, cni });
  for (const [name, annotations] of Object.entries(clusterNamespaces))
    await cluster.addNamespace(name, annotations);
  for (const { role, stsFails } of Object.values<Situation>(situations))
    for (const kind of podKinds)
      if (role !== undefined && stsFails === true)
        await standIns.call({ do: 'fail-sts', roleArn: roleArn(kind, role), fault: 'ServiceUnavailable' });
  const lines: World['lines'][number][] = [];
  const endpoint = await startEndpoint(
    { folder, node, kubeconfig, cniDirectory: cni.path, onLine: (line) => lines.push(line) },
    stack,
  );
  const pods = createPods({ folder, namespaces, cluster });
  const cgroups = stack.use(await openCgroups(`rg${process.pid}-clients`));
  const { enter: clientsGroup } = await cgroups.make(CLIENTS_GROUP);
  const requests = await watchRequests(node, stack);
  const metadataPods = await createMetadataPods({ namespaces, cluster, requests });
  const all = stack.move();
  return {
    folder,
    lines,
    standIns,
    endpoint,
    pods,
    metadataPods,
    clientsGroup,
    tokensAtProxy: async () => Number(await outputOf([...node, 'curl', '-sf', `${PROXY_URL}/tokens`])),
    installed,
    trials: [],
    metadataTrials: [],
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

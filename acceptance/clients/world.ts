import { containerCredentials } from '@rolegate/protocol';
import { openFolder, outputOf } from '@rolegate/testing';
import type { World } from '@rolegate/testing';
import { NODE, PORTS, PROXY_URL, STS_URL } from '../network/addresses.ts';
import { openNetwork, openStandIns } from '../network/node-network.ts';
import { startScript } from '../processes/start-script.ts';
import type { StandIns } from '../stand-ins/calls.ts';
import { createCluster } from '../stand-ins/cluster.ts';
import type { Client } from './client.ts';
import { startEndpoint } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import { createPods, podKinds, roleArn } from './pods.ts';
import type { ClientPods } from './pods.ts';
import { prepareClient } from './prepare.ts';
import { clusterNamespaces, situations } from './situations.ts';
import type { Situation } from './situations.ts';
import type { Trial } from './trial.ts';

export interface ClientsWorld extends World {
  readonly standIns: StandIns;
  readonly endpoint: Endpoint;
  readonly pods: ClientPods;
  /** How often the proxy was sent a token for the endpoint. */
  readonly tokensAtProxy: () => Promise<number>;
  /** The folder of an installed client. Throws if it could not be installed. */
  readonly prepared: (client: Client) => Promise<string>;
  /** For the tables. */
  readonly trials: Trial[];
}

/** A node with its Pods in network namespaces, and the programs under test on it. */
export async function openWorld(): Promise<ClientsWorld> {
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
  const folders = new Map<Client, Promise<string>>();
  const prepared = (client: Client) => {
    const known = folders.get(client) ?? prepareClient(client);
    folders.set(client, known);
    return known;
  };
  const all = stack.move();
  return {
    folder,
    lines,
    standIns,
    endpoint,
    pods,
    tokensAtProxy: async () => Number(await outputOf([...node, 'curl', '-sf', `${PROXY_URL}/tokens`])),
    prepared,
    trials: [],
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

import { SERVER_NAME } from '@rolegate/sandbox';
import { eventually } from '@rolegate/testing';
import { startChild } from '../../../processes/start-child.ts';
import type { Remote } from '../../../processes/start-child.ts';
import { PORTS } from '../../../network/addresses.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import type { NodeIdentity, StandInCalls } from '../../cluster/orders.ts';
import { SERVER_NAMESPACE } from '../../cluster/server.ts';
import type { AgentsCalls, ServerPorts, TokenHolder } from '../orders.ts';
import { agentNodes, agentPod } from './agent-nodes.ts';
import type { AgentNode } from './agent-nodes.ts';
import { readBundle } from './authority.ts';

/** DESIGN.md 4.6. */
const ATTEST_PORT = 9_611;
/** A start on a busy machine. */
const PUBLISHED = { withinMs: 30_000, everyMs: 100 };

/** The honest agents, each with a stream that stays open. */
export interface Agents {
  readonly ports: () => ServerPorts;
  /** Attests for each of them at the server as it is now, and opens the streams. */
  readonly connect: () => Promise<void>;
  readonly call: Remote<AgentsCalls>;
  /** Creates a Pod of the DaemonSet on this node; resolves to its token. */
  readonly addPod: (node: AgentNode, name?: string) => Promise<TokenHolder>;
  /** A node with a certificate of its own, in the hands of an attacker. */
  readonly steal: (
    node: AgentNode,
  ) => Promise<{ readonly holder: TokenHolder; readonly identity: NodeIdentity }>;
}

/** Creates the agents' Pods, starts the server, and opens a stream for each of them. What is started ends with the stack. */
export async function openAgents(
  cluster: Cluster,
  api: Remote<StandInCalls>,
  stack: AsyncDisposableStack,
): Promise<Agents> {
  const { groups, enter } = cluster.ground;
  const script = new URL('../clients/agents.ts', import.meta.url);
  const through = [...groups.watchers.enter, ...enter];
  const { call } = stack.use(await startChild<AgentsCalls>(script, { through }));

  async function addPod({ name: node, address }: AgentNode, name = `agent-${node}`): Promise<TokenHolder> {
    await api.apply(agentPod(node, name));
    // As with the real API server's caches, whose review of a deleted Pod's token is late.
    const token = await api.token({ pod: `${SERVER_NAMESPACE}/${name}`, outlivesPod: true });
    return { node, address, token };
  }

  for (const { name } of agentNodes) await api.apply({ kind: 'Node', metadata: { name } });
  const holders: TokenHolder[] = [];
  for (const node of agentNodes) holders.push(await addPod(node));
  let ports: ServerPorts;

  async function readPorts(): Promise<ServerPorts> {
    cluster.server.start();
    return eventually(async () => {
      const ca = await readBundle(api);
      return { feed: PORTS.server, attest: ATTEST_PORT, serverName: SERVER_NAME, ca };
    }, PUBLISHED);
  }

  async function connect(): Promise<void> {
    await cluster.feeds.close(undefined);
    ports = await readPorts();
    const nodes = await call.open({ ports, agents: holders });
    await cluster.connect({ port: ports.feed, serverName: ports.serverName, ca: ports.ca, nodes });
  }

  await connect();
  return {
    ports: () => ports,
    connect,
    call,
    addPod,
    async steal(node) {
      await api.apply({ kind: 'Node', metadata: { name: node.name } });
      const holder = await addPod(node);
      return eventually(
        async () => {
          const { failure, identity } = await call.attempt({ act: 'attest', ports, holder });
          if (identity === undefined) throw new Error(failure);
          return { holder, identity };
        },
        { withinMs: 15_000, everyMs: 500 },
      );
    },
  };
}

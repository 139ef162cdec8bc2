import { SERVER_NAME } from '@rolegate/sandbox';
import { eventually } from '@rolegate/testing';
import { startChild } from '../../../processes/start-child.ts';
import type { Remote } from '../../../processes/start-child.ts';
import { PORTS } from '../../../network/addresses.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import type { NodeIdentity, StandInCalls } from '../../cluster/calls.ts';
import { SERVER_NAMESPACE } from '../../cluster/server.ts';
import type { AgentsCalls, ServerPorts, AgentToken } from '../calls.ts';
import { agentNodes, agentPod } from './agent-nodes.ts';
import type { AgentNode } from './agent-nodes.ts';
import { readBundle } from './authority.ts';

/** DESIGN.md 4.6. */
const ATTEST_PORT = 9_611;
/** Covers a start on a busy machine. */
const PUBLISHED = { withinMs: 30_000, everyMs: 100 };

/** The honest agents, each with an open stream. */
export interface Agents {
  readonly ports: () => ServerPorts;
  /** Attests at the current server and opens the streams. */
  readonly connect: () => Promise<void>;
  readonly call: Remote<AgentsCalls>;
  /** Creates an agent Pod on the node and returns its token. */
  readonly addPod: (node: AgentNode, name?: string) => Promise<AgentToken>;
  /** Creates a node and returns its credentials, for an attacker. */
  readonly steal: (
    node: AgentNode,
  ) => Promise<{ readonly agentToken: AgentToken; readonly identity: NodeIdentity }>;
}

/** Creates the agents' Pods, starts the server and opens the streams. Closed with the stack. */
export async function openAgents(
  cluster: Cluster,
  api: Remote<StandInCalls>,
  stack: AsyncDisposableStack,
): Promise<Agents> {
  const { groups, enter } = cluster.environment;
  const script = new URL('../clients/agents.ts', import.meta.url);
  const through = [...groups.watchers.enter, ...enter];
  const { call } = stack.use(await startChild<AgentsCalls>(script, { through }));

  async function addPod({ name: node, address }: AgentNode, name = `agent-${node}`): Promise<AgentToken> {
    await api.apply(agentPod(node, name));
    // As with a real API server, which accepts a deleted Pod's token for a while because of its caches.
    const token = await api.token({ pod: `${SERVER_NAMESPACE}/${name}`, outlivesPod: true });
    return { node, address, token };
  }

  for (const { name } of agentNodes) await api.apply({ kind: 'Node', metadata: { name } });
  const agentTokens: AgentToken[] = [];
  for (const node of agentNodes) agentTokens.push(await addPod(node));
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
    const nodes = await call.open({ ports, agents: agentTokens });
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
      const agentToken = await addPod(node);
      return eventually(
        async () => {
          const { failure, identity } = await call.attempt({ action: 'attest', ports, agentToken });
          if (identity === undefined) throw new Error(failure);
          return { agentToken, identity };
        },
        { withinMs: 15_000, everyMs: 500 },
      );
    },
  };
}

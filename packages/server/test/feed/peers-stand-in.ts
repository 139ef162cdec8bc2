import { Refusal } from '@rolegate/protocol';
import type { Log } from '@rolegate/runtime';
import { createAgentPods } from '../../src/identity/agent-pods.ts';
import { createPeers } from '../../src/identity/peers.ts';
import type { AgentCall, PeerIdentity } from '../../src/identity/peers.ts';
import { createForeignNodes } from '../../src/identity/foreign-nodes.ts';
import type { createClusterStandIn } from './cluster-stand-in.ts';

export interface PeersStandInOptions extends Pick<ReturnType<typeof createClusterStandIn>, 'pods' | 'clock'> {
  readonly log: Log;
  readonly foreignNode?: () => void;
  /** The node that a call's certificate names; by default from the auth context of fakeCall. */
  readonly identityOf?: (call: AgentCall) => PeerIdentity | undefined;
}

/** Real peers and audit, with a proof that the test controls; calls share no connection. */
export function createPeersStandIn(options: PeersStandInOptions) {
  const { pods, clock, log, foreignNode = () => undefined, identityOf = byAuthContext } = options;
  const foreignNodes = createForeignNodes({ clock, log, metrics: { foreignNode } });
  const peers = createPeers({
    source: {
      prove: (call) => () => {
        const identity = identityOf(call);
        if (identity !== undefined) return identity;
        throw new Refusal('ForeignNode', 'the client certificate names no node');
      },
    },
    agentPods: createAgentPods({ pods, nodes: { onChange: () => () => undefined }, clock }),
    connections: { nodeOf: () => undefined, bind: () => undefined },
    foreignNodes,
  });
  return { peers, foreignNodes, attest: undefined };
}

function byAuthContext(call: AgentCall): PeerIdentity | undefined {
  const { node } = call.getAuthContext() as { node?: string };
  return node === undefined ? undefined : { node };
}

import type { Metadata } from '@grpc/grpc-js';
import { isNodeName, Refusal } from '@rolegate/protocol';
import type { PeerCall } from '@rolegate/protocol';
import type { AgentPods } from './agent-pods.ts';
import type { ConnectionNodes } from './connection-nodes.ts';
import type { ForeignNodes } from './foreign-nodes.ts';

/** The parts of a call that identify its peer. */
export interface AgentCall extends PeerCall {
  getPeer(): string;
  readonly metadata: Pick<Metadata, 'get'>;
}

export interface PeerIdentity {
  readonly node: string;
  /** Of the agent's Pod; undefined if it is not proven. */
  readonly podUid?: string | undefined;
  /** When the proof expires, and with it streams. Milliseconds since the epoch. */
  readonly endsMs?: number | undefined;
}

/** The proof of a call's identity. Each use checks it against the current state of the cluster. */
export interface Proof {
  /** False under --agent-identity shared: the node is not known before the first report. */
  readonly proven: boolean;
  /** The peer's identity; `claimedNode` counts only if nothing proves a node. Throws an audited Refusal if it is not valid. */
  identity(claimedNode?: string): PeerIdentity;
}

/** What proves nodes to this server. */
export interface ProofSource {
  /** A promise if the proof needs a review; undefined if no proof is needed. Rejects or throws Refusals that are not audited yet. */
  prove(call: AgentCall): (() => PeerIdentity) | undefined | Promise<(() => PeerIdentity) | undefined>;
}

export interface Peers {
  /** Throws or rejects with an audited Refusal. */
  identify(call: AgentCall): Proof | Promise<Proof>;
  /** Calls with an audited Refusal when the Pod or the node of the peer is removed; the returned function ends it. */
  watch(identity: PeerIdentity, peer: string, lost: (refusal: Refusal) => void): () => void;
}

export interface PeersDeps {
  readonly source: ProofSource;
  readonly agentPods: AgentPods;
  readonly connections: Pick<ConnectionNodes, 'nodeOf' | 'bind'>;
  readonly foreignNodes: ForeignNodes;
}

/** Identifies the peer of every call and message. */
export function createPeers({ source, agentPods, connections, foreignNodes }: PeersDeps): Peers {
  function admit(
    proven: (() => PeerIdentity) | undefined,
    call: AgentCall,
    claimedNode: string,
  ): PeerIdentity {
    const peer = call.getPeer();
    const identity = audited(peer, () => proven?.()) ?? byClaim(peer, claimedNode);
    const { node } = identity;
    const bound = connections.nodeOf(peer);
    const contradiction = contradictionOf(node, { claimedNode, bound });
    if (contradiction !== undefined) throw foreignNodes.refuse(contradiction, { peer, node });
    if (bound === undefined) connections.bind(peer, node);
    const fault = agentPods.fault(identity);
    if (fault !== undefined) throw foreignNodes.note(fault, { peer, node });
    return identity;
  }

  /** For --agent-identity shared, without any proof. */
  function byClaim(peer: string, claimedNode: string): PeerIdentity {
    const node = claimedNode === '' ? (connections.nodeOf(peer) ?? '') : claimedNode;
    if (isNodeName(node)) return { node };
    throw foreignNodes.refuse('the client certificate names no node, and neither does the report', { peer });
  }

  /** Audits the refusals of a proof. */
  function audited<T>(peer: string, act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw noted(error, peer);
    }
  }

  function noted(error: unknown, peer: string): unknown {
    return error instanceof Refusal ? foreignNodes.note(error, { peer }) : error;
  }

  return {
    identify(call) {
      const proven = audited(call.getPeer(), () => source.prove(call));
      const proofOf = (proof: (() => PeerIdentity) | undefined): Proof => ({
        proven: proof !== undefined,
        identity: (claimedNode = '') => admit(proof, call, claimedNode),
      });
      if (!(proven instanceof Promise)) return proofOf(proven);
      return proven.then(proofOf, (error: unknown) => {
        throw noted(error, call.getPeer());
      });
    },
    watch(identity, peer, lost) {
      return agentPods.watch(identity, () => {
        const fault = agentPods.fault(identity);
        if (fault === undefined) return;
        // Not an attack: the Node object of a node that is shut down may be deleted first. Later attempts are refused as ForeignNode.
        const refusal = new Refusal('ServerUnavailable', fault.message);
        lost(foreignNodes.note(refusal, { peer, node: identity.node }));
      });
    },
  };
}

/** Why the proven node contradicts the report, or earlier calls of the connection; undefined if it does not. */
function contradictionOf(
  node: string,
  { claimedNode, bound }: { readonly claimedNode: string; readonly bound: string | undefined },
): string | undefined {
  if (claimedNode !== '' && claimedNode !== node)
    return `the proof is of node ${node}, but the report is of ${JSON.stringify(claimedNode.slice(0, 253))}`;
  return bound !== undefined && bound !== node
    ? `this connection belongs to node ${bound}, but the call is of ${node}`
    : undefined;
}

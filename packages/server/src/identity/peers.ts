import type { Metadata } from '@grpc/grpc-js';
import { isNodeName, Refusal } from '@rolegate/protocol';
import type { PeerCall } from '@rolegate/protocol';
import type { AgentPods } from './agent-pods.ts';
import type { ConnectionNodes } from './connection-nodes.ts';
import type { ForeignNodes } from './foreign-nodes.ts';

/** What of a call tells who calls. */
export interface AgentCall extends PeerCall {
  getPeer(): string;
  readonly metadata: Pick<Metadata, 'get'>;
}

export interface PeerIdentity {
  readonly node: string;
  /** Of the agent's Pod; undefined where nothing proves one. */
  readonly podUid?: string | undefined;
  /** When what proves the node ends, milliseconds since the epoch: streams end with it. */
  readonly endsMs?: number | undefined;
}

/** The proof that a call brought. It is checked against the cluster's present state each time. */
export interface Proof {
  /** False under --agent-identity shared: who calls is not known before its first report. */
  readonly proven: boolean;
  /** Who calls, by its word where nothing else tells; throws a Refusal, audited, where it may not or not any more. */
  identity(saysNode?: string): PeerIdentity;
}

/** What proves nodes to this server. */
export interface ProofSource {
  /** A promise where somebody must be asked. Rejects and throws Refusals, not audited yet; undefined: no proof is needed. */
  prove(call: AgentCall): (() => PeerIdentity) | undefined | Promise<(() => PeerIdentity) | undefined>;
}

export interface Peers {
  /** Throws or rejects with a Refusal, audited. */
  identify(call: AgentCall): Proof | Promise<Proof>;
  /** Calls with an audited Refusal when the Pod or the node of the peer is gone; the returned function ends it. */
  watch(identity: PeerIdentity, peer: string, lost: (refusal: Refusal) => void): () => void;
}

export interface PeersDeps {
  readonly source: ProofSource;
  readonly agentPods: AgentPods;
  readonly connections: Pick<ConnectionNodes, 'nodeOf' | 'bind'>;
  readonly foreignNodes: ForeignNodes;
}

/** Finds out who is behind every call and every message. */
export function createPeers({ source, agentPods, connections, foreignNodes }: PeersDeps): Peers {
  function admit(proven: (() => PeerIdentity) | undefined, call: AgentCall, saysNode: string): PeerIdentity {
    const peer = call.getPeer();
    const identity = audited(peer, () => proven?.()) ?? byItsWord(peer, saysNode);
    const { node } = identity;
    const bound = connections.nodeOf(peer);
    const contradiction = contradictionOf(node, { saysNode, bound });
    if (contradiction !== undefined) throw foreignNodes.refuse(contradiction, { peer, node });
    if (bound === undefined) connections.bind(peer, node);
    const fault = agentPods.fault(identity);
    if (fault !== undefined) throw foreignNodes.note(fault, { peer, node });
    return identity;
  }

  /** --agent-identity shared: nobody proves anything. */
  function byItsWord(peer: string, saysNode: string): PeerIdentity {
    const node = saysNode === '' ? (connections.nodeOf(peer) ?? '') : saysNode;
    if (isNodeName(node)) return { node };
    throw foreignNodes.refuse('the client certificate names no node, and neither does the report', { peer });
  }

  /** A proof's own refusals are audited here, once. */
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
        identity: (saysNode = '') => admit(proof, call, saysNode),
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
        // No attack yet: a node that is shut down may go from the API first. What comes after it is one.
        const refusal = new Refusal('ServerUnavailable', fault.message);
        lost(foreignNodes.note(refusal, { peer, node: identity.node }));
      });
    },
  };
}

/** What speaks against the node that is proven: the node of the report, or that of the connection's calls before. */
function contradictionOf(
  node: string,
  { saysNode, bound }: { readonly saysNode: string; readonly bound: string | undefined },
): string | undefined {
  if (saysNode !== '' && saysNode !== node)
    return `the proof is of node ${node}, the report of another: ${JSON.stringify(saysNode.slice(0, 253))}`;
  return bound !== undefined && bound !== node
    ? `this connection is node ${bound}'s, and now claims to be ${node}`
    : undefined;
}

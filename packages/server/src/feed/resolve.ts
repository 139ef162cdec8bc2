import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import { asRefusal, asStatus, REQUEST_ID_KEY } from '@rolegate/protocol';
import type { ResolveRequestRead, ResolveResponse, RolegateHandlers } from '@rolegate/protocol';
import type { Clock, Log } from '@rolegate/runtime';
import type { ForeignNodes } from '../identity/foreign-nodes.ts';
import type { AgentCall, Proof } from '../identity/peers.ts';
import type { PodIndex } from '../kubernetes/objects/pod-index.ts';
import { createRateLimits } from '../limits/rate-limits.ts';
import type { ServerMemory } from '../memory/memory.ts';
import type { Nodes } from './nodes/nodes.ts';

/** How often a node can cause a search of all Pods of the cluster for an address. */
const FOREIGN_LOOKS = { perSecond: 1, burst: 10 };

/** The form of agents' request IDs; others are not logged. */
const REQUEST_ID = /^[\w-]{1,64}$/;
/** The length of an IPv6 address with a zone; longer texts are cut. Characters. */
const LONGEST_IP = 64;

/** Calls one of the two, either synchronously or after a review of the proof. */
export type WhenProven = (
  call: AgentCall,
  failed: (error: unknown) => void,
  use: (proof: Proof) => void,
) => void;

export interface ResolveDeps {
  readonly nodes: Pick<Nodes, 'resolve'>;
  readonly pods: Pick<PodIndex, 'values'>;
  readonly foreignNodes: ForeignNodes;
  readonly clock: Clock;
  readonly log: Log;
  readonly memory?: ServerMemory | undefined;
}

type ResolveCall = ServerUnaryCall<ResolveRequestRead, ResolveResponse>;

/** Handles Resolve calls: finds the Pod of the agent's own node that owns an address. */
export function createResolve(deps: ResolveDeps, whenProven: WhenProven): RolegateHandlers['Resolve'] {
  const { nodes, pods, foreignNodes, log } = deps;
  const mayLook = createRateLimits({ ...FOREIGN_LOOKS, ...deps, kind: 'resolving_nodes' });

  /** Throws if the address is that of a live Pod of another node. */
  function checkAddress(node: string, ip: string, call: ResolveCall): void {
    if (ip === '' || !mayLook(node)) return;
    const owner = pods
      .values()
      .find(
        (pod) =>
          pod.ips.includes(ip) && !pod.ended && !pod.terminating && !pod.hostNetwork && pod.nodeName !== node,
      );
    if (owner === undefined) return;
    const message = `the address ${ip} belongs to a Pod on node ${owner.nodeName}`;
    throw foreignNodes.refuse(message, { peer: call.getPeer(), node, requestId: requestIdOf(call) });
  }

  return (call: ResolveCall, callback: sendUnaryData<ResolveResponse>): void => {
    const ip = call.request.ip.slice(0, LONGEST_IP);
    const asked = { requestId: requestIdOf(call), ip };
    const failed = (error: unknown) => {
      const refusal = asRefusal(error);
      log.debug('cannot resolve address to Pod', {
        ...asked,
        reason: refusal.reason,
        error: refusal.message,
      });
      callback(asStatus(refusal));
    };
    whenProven(call, failed, (proof) => {
      const { node } = proof.identity();
      const pod = nodes.resolve(node, ip);
      if (pod === undefined) checkAddress(node, ip, call);
      const { namespace, name, uid } = pod ?? {};
      log.debug('address resolved to Pod', { ...asked, node, namespace, pod: name, uid });
      callback(null, pod === undefined ? {} : { pod });
    });
  };
}

/** The ID in the agent's log of the Pod's request that caused the call; undefined if it is not valid. */
export function requestIdOf(call: AgentCall): string | undefined {
  const [id] = call.metadata.get(REQUEST_ID_KEY);
  return typeof id === 'string' && REQUEST_ID.test(id) ? id : undefined;
}

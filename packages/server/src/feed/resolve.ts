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

/** It looks at every Pod of the cluster whether an address is another node's: so often a node. */
const FOREIGN_LOOKS = { perSecond: 1, burst: 10 };

/** As agents make them; longer or other ones are somebody's else, and not written. */
const REQUEST_ID = /^[\w-]{1,64}$/;
/** An IPv6 address with a zone. Characters; more are not written. */
const LONGEST_IP = 64;

/** Calls one of the two, at once or when somebody was asked about the proof. */
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

/** The Resolve calls: which Pod of its own node an agent's address is. */
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
    const message = `the address ${ip} is a Pod's on node ${owner.nodeName}`;
    throw foreignNodes.refuse(message, { peer: call.getPeer(), node, requestId: requestIdOf(call) });
  }

  return (call: ResolveCall, callback: sendUnaryData<ResolveResponse>): void => {
    const ip = call.request.ip.slice(0, LONGEST_IP);
    const asked = { requestId: requestIdOf(call), ip };
    const failed = (error: unknown) => {
      const refusal = asRefusal(error);
      log.debug('address not resolved', { ...asked, reason: refusal.reason, error: refusal.message });
      callback(asStatus(refusal));
    };
    whenProven(call, failed, (proof) => {
      const { node } = proof.identity();
      const pod = nodes.resolve(node, ip);
      if (pod === undefined) checkAddress(node, ip, call);
      const { namespace, name, uid } = pod ?? {};
      log.debug('address resolved', { ...asked, node, namespace, pod: name, uid });
      callback(null, pod === undefined ? {} : { pod });
    });
  };
}

/** Of the Pod's request that led to the call, as the agent's log has it; what cannot be one is left out. */
function requestIdOf(call: AgentCall): string | undefined {
  const [id] = call.metadata.get(REQUEST_ID_KEY);
  return typeof id === 'string' && REQUEST_ID.test(id) ? id : undefined;
}

import { status } from '@grpc/grpc-js';
import type {
  handleBidiStreamingCall,
  sendUnaryData,
  ServerUnaryCall,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { asRefusal, asStatus, Refusal, REQUEST_ID_KEY } from '@rolegate/protocol';
import type { FeedUpdate, ResolveRequestRead, ResolveResponse, RolegateHandlers } from '@rolegate/protocol';
import type { AgentCall, Peers, Proof } from '../identity/peers.ts';
import { createRateLimits } from '../limits/rate-limits.ts';
import type { PodIndex } from '../kubernetes/pod-index.ts';
import type { ServerMemory } from '../memory/memory.ts';
import { createFeedCalls, wentBack } from './feed-calls.ts';
import type { FeedCallsDeps } from './feed-calls.ts';

/** It looks at every Pod of the cluster whether an address is another node's: so often a node. */
const FOREIGN_LOOKS = { perSecond: 1, burst: 10 };

/** As agents make them; longer or other ones are somebody's else, and not written. */
const REQUEST_ID = /^[\w-]{1,64}$/;
/** An IPv6 address with a zone. Characters; more are not written. */
const LONGEST_IP = 64;

export interface FeedServiceDeps extends Omit<FeedCallsDeps, 'checkOpen' | 'whenProven' | 'pods' | 'peers'> {
  readonly peers: Peers;
  readonly pods: Pick<PodIndex, 'get' | 'values'>;
  /** Undefined: certificates come from elsewhere. */
  readonly attest: RolegateHandlers['Attest'] | undefined;
  readonly synced: () => boolean;
  readonly memory?: ServerMemory | undefined;
}

/** Reports come as their bytes. */
export interface ServedHandlers extends UntypedServiceImplementation {
  readonly Feed: handleBidiStreamingCall<Buffer, FeedUpdate>;
  readonly Resolve: RolegateHandlers['Resolve'];
  readonly Attest: RolegateHandlers['Attest'];
}

export interface FeedService {
  readonly handlers: ServedHandlers;
  /** Ends all streams with UNAVAILABLE and takes no new ones: agents go elsewhere. */
  drain(): void;
}

type ResolveCall = ServerUnaryCall<ResolveRequestRead, ResolveResponse>;

/** The gRPC service: who may call, and what a call gets. */
export function createFeedService(deps: FeedServiceDeps): FeedService {
  const { nodes, peers, foreignNodes, pods, synced, log } = deps;
  const calls = createFeedCalls({ ...deps, checkOpen, whenProven });
  const mayLook = createRateLimits({ ...FOREIGN_LOOKS, ...deps, kind: 'resolving_nodes' });
  let draining = false;
  deps.past.onFound(() => {
    calls.endAll(wentBack());
  });

  function checkOpen(): void {
    if (draining) throw new Refusal('ServerUnavailable', 'the server is stopping');
    if (!synced()) throw new Refusal('ServerUnavailable', 'the server has not read the cluster yet');
  }

  /** At once, unless somebody must be asked about the proof: what comes before is not read then. */
  function whenProven(call: AgentCall, failed: (error: unknown) => void, use: (proof: Proof) => void): void {
    try {
      checkOpen();
      const proof = peers.identify(call);
      if (proof instanceof Promise) proof.then(use).catch(failed);
      else use(proof);
    } catch (error) {
      failed(error);
    }
  }

  function resolve(call: ResolveCall, callback: sendUnaryData<ResolveResponse>): void {
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
  }

  /** Throws if the address is that of a live Pod of another node. */
  function checkAddress(node: string, ip: string, call: ResolveCall): void {
    if (ip === '' || !mayLook(node)) return;
    const holder = pods
      .values()
      .find(
        (pod) =>
          pod.ips.includes(ip) && !pod.ended && !pod.terminating && !pod.hostNetwork && pod.nodeName !== node,
      );
    if (holder === undefined) return;
    const message = `the address ${ip} is a Pod's on node ${holder.nodeName}`;
    throw foreignNodes.refuse(message, { peer: call.getPeer(), node, requestId: requestIdOf(call) });
  }

  return {
    handlers: {
      Feed: calls.take,
      Resolve: resolve,
      Attest:
        deps.attest ??
        ((_call, callback) => {
          callback({
            code: status.UNIMPLEMENTED,
            details: 'this server has no authority of its own: give the agent a certificate',
          });
        }),
    },
    drain() {
      draining = true;
      calls.endAll(new Refusal('ServerUnavailable', 'the server is stopping'));
    },
  };
}

/** Of the Pod's request that led to the call, as the agent's log has it; what cannot be one is left out. */
function requestIdOf(call: AgentCall): string | undefined {
  const [id] = call.metadata.get(REQUEST_ID_KEY);
  return typeof id === 'string' && REQUEST_ID.test(id) ? id : undefined;
}

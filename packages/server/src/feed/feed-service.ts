import { status } from '@grpc/grpc-js';
import type { handleBidiStreamingCall, UntypedServiceImplementation } from '@grpc/grpc-js';
import { Refusal } from '@rolegate/protocol';
import type { FeedUpdate, RolegateHandlers } from '@rolegate/protocol';
import type { AgentCall, Peers, Proof } from '../identity/peers.ts';
import type { PodIndex } from '../kubernetes/objects/pod-index.ts';
import type { ServerMemory } from '../memory/memory.ts';
import { createFeedCalls } from './feed-calls.ts';
import type { FeedCallsDeps } from './feed-calls.ts';
import { createResolve } from './resolve.ts';
import { wentBack } from './version-check.ts';

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

/** The gRPC service: who may call, and what a call gets. */
export function createFeedService(deps: FeedServiceDeps): FeedService {
  const { peers, synced } = deps;
  const calls = createFeedCalls({ ...deps, checkOpen, whenProven });
  let draining = false;
  deps.history.onRestored(() => {
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

  return {
    handlers: {
      Feed: calls.take,
      Resolve: createResolve(deps, whenProven),
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

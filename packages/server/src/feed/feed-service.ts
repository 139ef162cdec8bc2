import { status } from '@grpc/grpc-js';
import type { handleBidiStreamingCall, UntypedServiceImplementation } from '@grpc/grpc-js';
import { Refusal } from '@rolegate/protocol';
import type { FeedUpdate, RolegateHandlers } from '@rolegate/protocol';
import type { AgentCall, Peers, Proof } from '../identity/peers.ts';
import type { ReviewPodToken } from '../identity/pod-token-reviews.ts';
import type { PodIndex } from '../kubernetes/objects/pod-index.ts';
import type { ServerMemory } from '../memory/memory.ts';
import { createFeedCalls } from './feed-calls.ts';
import type { FeedCallsDeps } from './feed-calls.ts';
import { createResolve } from './resolve.ts';
import { createReviewToken } from './review-token.ts';
import { apiServerRestored } from './version-check.ts';

export interface FeedServiceDeps extends Omit<FeedCallsDeps, 'checkOpen' | 'whenProven' | 'pods' | 'peers'> {
  readonly peers: Peers;
  readonly pods: Pick<PodIndex, 'get' | 'values'>;
  /** Undefined if certificates are user-provided. */
  readonly attest: RolegateHandlers['Attest'] | undefined;
  readonly reviewPodToken: ReviewPodToken;
  readonly synced: () => boolean;
  readonly memory?: ServerMemory | undefined;
}

/** Feed gets reports as unparsed bytes. */
export interface ServedHandlers extends UntypedServiceImplementation {
  readonly Feed: handleBidiStreamingCall<Buffer, FeedUpdate>;
  readonly Resolve: RolegateHandlers['Resolve'];
  readonly Attest: RolegateHandlers['Attest'];
  readonly ReviewToken: RolegateHandlers['ReviewToken'];
}

export interface FeedService {
  readonly handlers: ServedHandlers;
  /** Ends all streams with UNAVAILABLE and refuses new ones, so that agents connect to another replica. */
  drain(): void;
}

/** The gRPC service for agents. */
export function createFeedService(deps: FeedServiceDeps): FeedService {
  const { peers, synced } = deps;
  const calls = createFeedCalls({ ...deps, checkOpen, whenProven });
  let draining = false;
  deps.history.onRestored(() => {
    calls.endAll(apiServerRestored());
  });

  function checkOpen(): void {
    if (draining) throw new Refusal('ServerUnavailable', 'the server is stopping');
    if (!synced()) throw new Refusal('ServerUnavailable', 'the server has not read the cluster yet');
  }

  /** Calls `use` synchronously unless the proof needs a review; nothing is read from the call until then. */
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
      ReviewToken: createReviewToken(deps, whenProven),
      Attest:
        deps.attest ??
        ((_call, callback) => {
          callback({
            code: status.UNIMPLEMENTED,
            details:
              'this server does not issue certificates; give the agent one with --cert, --key and --ca',
          });
        }),
    },
    drain() {
      draining = true;
      calls.endAll(new Refusal('ServerUnavailable', 'the server is stopping'));
    },
  };
}

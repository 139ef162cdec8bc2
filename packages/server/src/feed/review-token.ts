import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import { asRefusal, asStatus } from '@rolegate/protocol';
import type { ReviewTokenRequestRead, ReviewTokenResponse, RolegateHandlers } from '@rolegate/protocol';
import type { Log } from '@rolegate/runtime';
import type { ReviewPodToken } from '../identity/pod-token-reviews.ts';
import { hostOf } from '../limits/rate-limits.ts';
import { requestIdOf } from './resolve.ts';
import type { WhenProven } from './resolve.ts';

export interface ReviewTokenDeps {
  readonly reviewPodToken: ReviewPodToken;
  readonly log: Log;
}

type ReviewTokenCall = ServerUnaryCall<ReviewTokenRequestRead, ReviewTokenResponse>;

/** Handles ReviewToken calls: asks the API server about a token that a Pod of the agent's own node has shown. */
export function createReviewToken(
  { reviewPodToken, log }: ReviewTokenDeps,
  whenProven: WhenProven,
): RolegateHandlers['ReviewToken'] {
  return (call: ReviewTokenCall, callback: sendUnaryData<ReviewTokenResponse>): void => {
    const asked = { requestId: requestIdOf(call) };
    const failed = (error: unknown) => {
      const refusal = asRefusal(error);
      const { reason, message } = refusal;
      log.debug('cannot review ServiceAccount token', { ...asked, reason, error: message });
      callback(asStatus(refusal));
    };
    whenProven(call, failed, (proof) => {
      const { node } = proof.identity();
      reviewPodToken(call.request.token, { node, address: hostOf(call.getPeer()) })
        .then((answer) => {
          const { podUid: uid, fault: error } = { podUid: undefined, fault: undefined, ...answer };
          log.debug('ServiceAccount token reviewed', { ...asked, node, uid, error });
          callback(null, answer);
        })
        .catch(failed);
    });
  };
}

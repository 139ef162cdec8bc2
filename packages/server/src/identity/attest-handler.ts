import { status } from '@grpc/grpc-js';
import type { ServerUnaryCall } from '@grpc/grpc-js';
import { Refusal } from '@rolegate/protocol';
import type { AttestRequestRead, AttestResponse, Reason, RolegateHandlers } from '@rolegate/protocol';
import type { Clock, Log } from '@rolegate/runtime';
import { asRefusal, asStatus } from '../feed/call-status.ts';
import type { ServerMemory } from '../memory.ts';
import type { Attestation } from './attestation.ts';
import type { Authority } from './authority.ts';
import { hostOf } from './foreign-nodes.ts';
import type { ForeignNodes } from './foreign-nodes.ts';
import { createRateLimits } from './rate-limits.ts';

/** Of one source address. */
const RATE = { perSecond: 5, burst: 10 };
/** Token and certificate request together. Bytes. */
const LARGEST = 16 * 1024;
const DEADLINE_MS = 5_000;

export interface AttestHandlerDeps {
  readonly attest: Attestation;
  readonly authority: Pick<Authority, 'issueClient' | 'bundle'>;
  /** False: nothing is known of Pods yet, or the server is stopping. */
  readonly open: () => boolean;
  readonly foreignNodes: ForeignNodes;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: { attestation(outcome: Reason | 'ok'): void };
  readonly memory?: ServerMemory;
}

type AttestCall = ServerUnaryCall<AttestRequestRead, AttestResponse>;

/** Gives a client certificate to who proves a node by a token. The only call that strangers may make. */
export function createAttestHandler(deps: AttestHandlerDeps): RolegateHandlers['Attest'] {
  const { attest, authority, foreignNodes, clock, log, metrics } = deps;
  const mayAsk = createRateLimits({ ...RATE, ...deps, kind: 'attestation_sources' });

  async function answer({ request }: AttestCall, source: string): Promise<AttestResponse> {
    if (!mayAsk(source)) {
      throw new Refusal(
        'TooManyRequests',
        `more than ${RATE.perSecond} attestations a second from ${source}`,
      );
    }
    if (!deps.open())
      throw new Refusal('ServerUnavailable', 'the server has not read the cluster yet, or is stopping');
    const { node, podUid } = await attest(request.token);
    const { certificateRequest } = request;
    const { chain, endsMs } = await authority.issueClient({ certificateRequest, node, podUid });
    log.info('agent attested', { node, agentPodUid: podUid, expires: new Date(endsMs).toISOString() });
    return { certificateChain: chain, authorities: authority.bundle() };
  }

  return (call, callback) => {
    const peer = call.getPeer();
    if (Buffer.byteLength(call.request.token) + call.request.certificateRequest.length > LARGEST) {
      callback({ code: status.INVALID_ARGUMENT, details: 'token and certificate request are over 16 kB' });
      return;
    }
    within(answer(call, hostOf(peer)), clock).then(
      (response) => {
        metrics.attestation('ok');
        callback(null, response);
      },
      (error: unknown) => {
        const refusal = foreignNodes.note(asRefusal(error), { peer });
        metrics.attestation(refusal.reason);
        callback(asStatus(refusal));
      },
    );
  };
}

/** The answer, or ServerUnavailable at the deadline: the caller has gone then. */
function within<T>(answer: Promise<T>, clock: Clock): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.schedule(DEADLINE_MS, () => {
      reject(new Refusal('ServerUnavailable', `the attestation took over ${DEADLINE_MS / 1000} s`));
    });
    answer.then(resolve, reject).finally(cancel);
  });
}
